"""Many devices at once: a table in, a folder of keys and requests out, the certificates back.

``table`` reads the rows, ``check`` judges them all before the first key, ``make`` creates the
pairs, ``records`` keeps what was made, ``collect`` sorts the certificates to their keys.
"""
