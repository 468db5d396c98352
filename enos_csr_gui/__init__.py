"""EnOS CSR creates the private key and certificate signing request that EnOS requires."""

__version__ = "0.1.0"

NAME = "EnOS CSR"
"""The name of the program, the same in every language."""
