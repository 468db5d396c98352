"""EnOS CSR creates the private key and certificate signing request that EnOS requires."""

__version__ = "0.1.0"

NAME = "EnOS CSR"
"""The name of the program, the same in every language."""

IDENTIFIER = "com.envisioniot.enos-csr"
"""How macOS, and the taskbar of Windows, tell the program from others."""
