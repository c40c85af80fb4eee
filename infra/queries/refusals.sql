-- What was refused: denied requests, and attempts that the rules stopped.
SELECT recorded_at, stream AS request, event, person,
       CASE WHEN event = 'commandRefused' THEN json_extract_string(data, '$.command') ELSE NULL END AS attempted,
       CASE WHEN event = 'commandRefused' THEN json_extract_string(data, '$.code') ELSE json_extract_string(data, '$.reason') END AS why
FROM events
WHERE event IN ('requestDenied', 'commandRefused')
-- In Athena: json_extract_scalar for json_extract_string.
ORDER BY recorded_at, stream, seq;
