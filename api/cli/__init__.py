"""The command line: `suanli`. Commands import what they need when they run, so that `--help` is quick."""
