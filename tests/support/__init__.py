"""Shared test helpers: a misbehaving upstream, a proxy on a free port, raw sockets."""
