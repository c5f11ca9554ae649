"""Measurements that anybody can rerun: `make bench`. They print; they never fail a build."""
