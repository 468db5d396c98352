"""Subject, key, certificate signing request, files: the work itself, no Qt and no terminal."""
