"""Keeps secrets out of storage: redaction, codes, the vault, and the audit trail."""
