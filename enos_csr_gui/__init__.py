"""EnOS CSR: the private key and the certificate signing request that EnOS asks for."""

__version__ = "0.1.0"

NAME = "EnOS CSR"
"""What the program is called, in every language."""
