-- Countersignatures of people on their own requests: there must be none.
SELECT recorded_at, approver, requester, request, counts
FROM approvals
WHERE is_self OR approver = requester
ORDER BY recorded_at, request, seq;
