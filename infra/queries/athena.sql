-- Athena's tables over the Parquet files of an export.
--
-- 1. Copy the folder's tables to S3, each into a folder of its own name:
--      for t in requests approvals grants credentials activity findings system events; do
--        aws s3 cp "$FOLDER/tables/$t.parquet" "s3://BUCKET/countersign/tables/$t/"; done
-- 2. Put that place in for s3://BUCKET/countersign/tables/ below, and run these statements one by one.
-- 3. In the ready questions, put countersign. before the names of tables, or choose the database countersign.
--    What they use of DuckDB alone is said in them.
--
-- Times are UTC. The columns are those of docs/exports.md.

CREATE DATABASE IF NOT EXISTS countersign;

CREATE EXTERNAL TABLE IF NOT EXISTS countersign.requests (
  `request` string,
  `submitted_at` timestamp,
  `requester` string,
  `door` string,
  `identity` string,
  `entitlement` string,
  `account` string,
  `environment` string,
  `mechanism` string,
  `permissions` string,
  `resources` string,
  `duration_seconds` bigint,
  `justification` string,
  `ticket` string,
  `risk` string,
  `needed` bigint,
  `approver_groups` string,
  `extends` string,
  `digest` string,
  `entitlement_digest` string,
  `policy_digest` string,
  `status` string,
  `status_at` timestamp,
  `denied_by` string,
  `denied_reason` string,
  `narrowed` bigint,
  `refusals` bigint,
  `entries` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/countersign/tables/requests/';

CREATE EXTERNAL TABLE IF NOT EXISTS countersign.approvals (
  `request` string,
  `seq` bigint,
  `leaf` bigint,
  `recorded_at` timestamp,
  `approver` string,
  `requester` string,
  `is_self` boolean,
  `door` string,
  `mfa` boolean,
  `digest` string,
  `counts` boolean,
  `after_seconds` bigint,
  `after_request_seconds` bigint,
  `note` string,
  `rules` string
)
STORED AS PARQUET
LOCATION 's3://BUCKET/countersign/tables/approvals/';

CREATE EXTERNAL TABLE IF NOT EXISTS countersign.grants (
  `request` string,
  `requester` string,
  `entitlement` string,
  `account` string,
  `environment` string,
  `mechanism` string,
  `risk` string,
  `ticket` string,
  `justification` string,
  `permissions` string,
  `resources` string,
  `granted_seconds` bigint,
  `starts_at` timestamp,
  `expires_at` timestamp,
  `window_seconds` bigint,
  `submitted_at` timestamp,
  `approved_at` timestamp,
  `waited_seconds` bigint,
  `needed` bigint,
  `countersigned` bigint,
  `approvers` string,
  `digest` string,
  `decided_at` timestamp,
  `active_at` timestamp,
  `revoked_at` timestamp,
  `denied_at` timestamp,
  `ended_at` timestamp,
  `end_reason` string,
  `ended_by` string,
  `end_note` string,
  `verified_at` timestamp,
  `unverified_at` timestamp,
  `outcome` string,
  `end_took_seconds` bigint,
  `credentials` bigint,
  `calls` bigint,
  `denied_calls` bigint,
  `calls_after_end` bigint,
  `completeness` string,
  `used` boolean,
  `findings` bigint,
  `grave_findings` bigint,
  `drifts` bigint
)
STORED AS PARQUET
LOCATION 's3://BUCKET/countersign/tables/grants/';

CREATE EXTERNAL TABLE IF NOT EXISTS countersign.credentials (
  `request` string,
  `seq` bigint,
  `recorded_at` timestamp,
  `requester` string,
  `outcome` string,
  `access_key_id` string,
  `expires_at` timestamp,
  `code` string
)
STORED AS PARQUET
LOCATION 's3://BUCKET/countersign/tables/credentials/';

CREATE EXTERNAL TABLE IF NOT EXISTS countersign.activity (
  `request` string,
  `seq` bigint,
  `recorded_at` timestamp,
  `requester` string,
  `is_newest` boolean,
  `completeness` string,
  `calls` bigint,
  `reads` bigint,
  `denied` bigint,
  `after_end` bigint,
  `findings` bigint,
  `top` string,
  `data_events` boolean,
  `gaps` string,
  `digest` string
)
STORED AS PARQUET
LOCATION 's3://BUCKET/countersign/tables/activity/';

CREATE EXTERNAL TABLE IF NOT EXISTS countersign.findings (
  `request` string,
  `seq` bigint,
  `recorded_at` timestamp,
  `requester` string,
  `entitlement` string,
  `account` string,
  `rule` string,
  `severity` string,
  `subject` string,
  `reason` string,
  `called_at` timestamp,
  `evidence` string
)
STORED AS PARQUET
LOCATION 's3://BUCKET/countersign/tables/findings/';

CREATE EXTERNAL TABLE IF NOT EXISTS countersign.system (
  `stream` string,
  `seq` bigint,
  `leaf` bigint,
  `recorded_at` timestamp,
  `kind` string,
  `event` string,
  `person` string,
  `part` string,
  `reason` string,
  `data` string
)
STORED AS PARQUET
LOCATION 's3://BUCKET/countersign/tables/system/';

CREATE EXTERNAL TABLE IF NOT EXISTS countersign.events (
  `stream` string,
  `seq` bigint,
  `leaf` bigint,
  `recorded_at` timestamp,
  `event` string,
  `person` string,
  `part` string,
  `hash` string,
  `data` string
)
STORED AS PARQUET
LOCATION 's3://BUCKET/countersign/tables/events/';
