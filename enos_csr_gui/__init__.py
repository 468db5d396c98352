"""EnOS CSR: the private key and the certificate signing request that EnOS asks for."""

__version__ = "0.1.0"
