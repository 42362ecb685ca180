"""What people and programs touch: the command line, the REST server and its page."""
