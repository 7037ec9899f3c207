"""Watching on Linux: writers attested by the kernel, namespaces, `/proc`."""
