"""Where the frozen program with the window begins."""

import sys

from enos_csr_gui.gui import main

sys.exit(main())
