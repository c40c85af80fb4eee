-- Who had what, and when: every grant with its window, who countersigned it, and how it ended.
SELECT requester, entitlement, account, starts_at, coalesce(least(revoked_at, expires_at), expires_at) AS until,
       needed, approvers, ticket, outcome, request
FROM grants
ORDER BY starts_at, request;
