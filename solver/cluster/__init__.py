"""Shards on a Ray cluster, for markets that one machine is too small for. Needs the extra `suanli-exchange[ray]`.

Nothing else imports Ray, and this only where it is used.
"""
