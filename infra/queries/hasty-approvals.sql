-- Countersignatures within 3 seconds of being asked for: nobody reads a request in less.
SELECT recorded_at, approver, after_seconds, request, counts
FROM approvals
WHERE after_seconds < 3
ORDER BY recorded_at, request, seq;
