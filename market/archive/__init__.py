"""Backups: everything an exchange knows in one file that any engine can read back; and moves from engine to engine.

A zip with a member of JSON lines for each table and a manifest, which says what it is of, how many rows each member has
and the SHA-256 of each. Which tables there are is read from the models: a new one needs no word here.
"""

from market.archive.manifest import Manifest
from market.archive.moving import Moved, move_exchange
from market.archive.restoring import restore_backup
from market.archive.writing import Written, write_backup

__all__ = ["Manifest", "Moved", "Written", "move_exchange", "restore_backup", "write_backup"]
