"""``python -m bitwright.cli``"""

import sys

from .main import main

sys.exit(main())
