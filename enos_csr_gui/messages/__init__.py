"""The sentences that users read, the same in the window and on the command line."""
