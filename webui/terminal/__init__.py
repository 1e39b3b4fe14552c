"""The terminal of the page: a shell of its own, in which the real kubectl runs, confined to one sandbox and one folder."""
