"""What a person can put right. It reaches the command line as a message of its own, without a traceback."""


class Problem(Exception):
    """`name` is one of the host's table."""

    def __init__(self, name, what, fix):
        super().__init__(what)
        self.name = name
        self.what = what
        self.fix = fix
