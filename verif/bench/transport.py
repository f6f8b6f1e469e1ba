"""The side of the bench that runs inside the simulator: moves beats, and watches the handshake.

cocotb imports this file by itself from the run's folder, outside the package: it imports cocotb
and the standard library only. Parameters come as JSON in ``$BITWRIGHT_BENCH``; the outputs go to
one file of raw bytes, and the report, written last, says how many they are or what went wrong.

The rules are those of AMBA AXI-Stream (Arm IHI 0051): a transfer happens in a cycle in which valid
and ready are high; valid never waits for ready; once valid, valid and payload stay until taken.
"""

import json
import os
import random
import time
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge, Timer
from cocotb.types import LogicArray

_I_VALID, _O_READY, _RESET = 1, 2, 4
_ALL_VALID, _ANY_VALID, _ALL_READY, _ANY_READY = 1, 2, 4, 8


class HandshakeError(Exception):
    """The unit broke a rule of the handshake; the message says which, and when."""


class Bench:
    """Drives the wrapper's ``i`` and samples its ``o``, once a cycle."""

    def __init__(self, dut, config: dict[str, Any]) -> None:
        self._i, self._o = dut.i, dut.o
        self._config = config
        self._size = config["input_size"]
        self._beats = config["beats"]
        self._expected = config["outputs"]
        self._stimuli = Path(config["stimuli"]).read_bytes()
        if len(self._stimuli) != self._size * self._beats:
            raise HandshakeError("the file of stimuli is cut short")
        self._clocked = config["clocked"]
        if self._clocked:
            Clock(dut.clk, 10, unit="ns").start()
            self._tick = RisingEdge(dut.clk)
        else:
            self._tick = Timer(10, unit="ns")
        self.cycle = 0
        self.sent = 0
        self.taken: list[int] = []

    def sample(self) -> int:
        """What the unit shows at the end of this cycle. X in an unused payload reads as 0."""
        value = self._o.value
        try:
            return value.to_unsigned()
        except ValueError:
            text = str(value)
        unknown = text.translate(str.maketrans("01XZUW-", "0011111"))
        where = int(unknown, 2)
        word = int("".join(bit if bit in "01" else "0" for bit in text), 2)
        # A lane that knows its bit can still hide behind one that does not: 0 & X is 0.
        if where & (_ALL_VALID | _ANY_VALID):
            self.fail("o_valid is unknown (X or Z)")
        if where & (_ALL_READY | _ANY_READY):
            self.fail("i_ready is unknown (X or Z)")
        where = where >> 8 << 8
        if where and word & _ANY_VALID:
            bit = (where & -where).bit_length() - 1
            self.fail(f"{self._field(bit)} is unknown (X or Z) while o_valid is high")
        return word

    def _field(self, bit: int) -> str:
        lane, offset = divmod(bit // 8 - 1, self._config["lane_size"])
        names = [name for name, start in self._config["fields"] if start <= offset]
        return names[-1] + (f" of lane {lane}" if self._config["lanes"] > 1 else "")

    def fail(self, what: str) -> None:
        """Raise the violation, with the place where it happened."""
        raise HandshakeError(
            f"{what}, in cycle {self.cycle}, after {self.sent} of {self._beats} inputs "
            f"and {len(self.taken)} of {self._expected} outputs"
        )

    async def reset(self) -> None:
        """Reset a clocked unit for four cycles; afterwards nothing may be on offer."""
        unknown = self._config["unknown"]
        self._i.value = self._unknown(_RESET) if unknown else _RESET if self._clocked else 0
        for _ in range(4 if self._clocked else 0):
            await self._tick
        self._i.value = self._unknown(0) if unknown else 0
        await self._tick
        if self.sample() & _ANY_VALID:
            self.fail("o_valid is high without any input" + " after reset" * self._clocked)

    def _unknown(self, control: int) -> LogicArray:
        """Only the control bits of the wrapper's ``i`` are known."""
        return LogicArray("X" * (8 * self._size) + format(control, "08b"))

    async def interrupt(self) -> None:
        """Send inputs for some cycles, then reset in the midst of them, and begin again."""
        if not self._clocked:
            return
        draw = random.Random(self._config["seed"]).random
        at = 0
        for _ in range(self._config["interrupted"]):
            row = self._stimuli[at * self._size : (at + 1) * self._size]
            ready = draw() < 0.5
            self._i.value = int.from_bytes(row, "little") << 8 | _I_VALID | ready << 1
            await self._tick
            at = (at + bool(self.sample() & _ANY_READY)) % max(self._beats, 1)
        await self.reset()

    async def run(self) -> None:
        """Send all inputs, take all outputs, then see that nothing more comes."""
        gaps, stalls = self._config["gaps"], self._config["stalls"]
        draw = random.Random(self._config["seed"]).random
        size, stimuli, patience = self._size, self._stimuli, self._config["patience"]
        beats, expected, taken = self._beats, self._expected, self.taken
        junk = (1 << 8 * size) - 1
        tick, sample, bus = self._tick, self.sample, self._i
        # An o_valid that waits for o_ready would never be seen to wait by a sink that is ready
        # every now and then: so the first output must come while the sink is not ready.
        shy = stalls > 0 and expected > 0
        unknown = self._config["unknown"]
        waited = longest = 0
        held = None
        payload = driven = 0
        offering = False
        next_sent = 0
        while True:
            if not offering:
                if next_sent < beats and not (gaps and draw() < gaps):
                    at = next_sent * size
                    payload = int.from_bytes(stimuli[at : at + size], "little") << 8
                    offering = True
                else:
                    # Not the last payload again: a unit that ignores i_valid shall be noticed.
                    payload ^= junk << 8
            ready = not (shy or (stalls and draw() < stalls))
            drive = payload | offering | ready << 1
            if unknown and not offering:
                drive = self._unknown(ready << 1)
            if unknown or drive != driven:
                bus.value = driven = drive
            await tick
            self.cycle += 1
            word = sample()
            moved = False
            if held is not None:
                if not word & _ANY_VALID:
                    self.fail("o_valid dropped before the output was taken")
                if (word ^ held) > 255:
                    bit = (word ^ held) >> 8
                    name = self._field((bit & -bit).bit_length() + 7)
                    self.fail(f"{name} changed while o_valid waited for o_ready")
                held = None
            if word & _ANY_VALID:
                if not word & _ALL_VALID:
                    self.fail("the lanes disagree about o_valid")
                shy = False
                if len(taken) == expected:
                    self.fail("more outputs than expected")
                if ready:
                    taken.append(word)
                    moved = True
                else:
                    held = word
            if word & _ANY_READY:
                if not word & _ALL_READY:
                    self.fail("the lanes disagree about i_ready")
                if offering:
                    next_sent += 1
                    self.sent = next_sent
                    offering = False
                    moved = True
            if moved:
                waited = 0
                continue
            if next_sent == beats and len(taken) == expected:
                # As long again as the unit ever took, and a good deal more.
                waited += 1
                if waited > 2 * longest + 32:
                    return
            elif (ready or shy) and (offering or next_sent == beats):
                waited += 1
                longest = max(longest, waited)
                if waited > patience:
                    if shy:
                        self.fail(
                            f"no output for {patience} cycles while o_ready was low "
                            "(o_valid must not wait for o_ready)"
                        )
                    self.fail(f"too few outputs: nothing moved for {patience} cycles")


@cocotb.test()
async def transport(dut) -> None:
    """Run one simulation as the environment asks."""
    config = json.loads(os.environ["BITWRIGHT_BENCH"])
    report: dict[str, object] = {"violation": None}
    start = time.perf_counter()
    bench = None
    try:
        bench = Bench(dut, config)
        await bench.reset()
        if config["interrupted"]:
            await bench.interrupt()
        await bench.run()
    except HandshakeError as violation:
        report["violation"] = str(violation)
    report["seconds"] = time.perf_counter() - start
    if bench is not None:
        size = config["output_size"]
        rows = b"".join((word >> 8).to_bytes(size, "little") for word in bench.taken)
        report.update(cycles=bench.cycle, outputs=len(bench.taken))
        Path(config["results"]).write_bytes(rows)
    path = Path(config["report"])
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(report))
    partial.replace(path)
