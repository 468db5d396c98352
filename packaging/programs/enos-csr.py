"""Where the frozen command line begins."""

from enos_csr_gui.cli import main

main()
