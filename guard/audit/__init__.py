"""The audit log: one JSON line a request, to a file, stdout or syslog."""

from guard.audit.audit import Audit
from guard.audit.record import AuditRecord, known_model
from guard.audit.sinks import Sink, sink_of

__all__ = ["Audit", "AuditRecord", "Sink", "known_model", "sink_of"]
