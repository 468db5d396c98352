"""``python -m enos_csr_gui`` opens the wizard."""

import sys

from enos_csr_gui.gui import main

sys.exit(main())
