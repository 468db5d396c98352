"""Every sentence that people read: the same in the window and on the command line."""
