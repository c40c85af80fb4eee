-- Grants that were found gone later than 195 s after they were due to end, or not at all, or whose end was not verified.
SELECT request, requester, entitlement, outcome, expires_at, revoked_at, ended_at, end_took_seconds, verified_at, unverified_at
FROM grants
WHERE outcome IN ('late', 'overdue')
   OR (ended_at IS NOT NULL AND active_at IS NOT NULL AND verified_at IS NULL)
ORDER BY expires_at, request;
