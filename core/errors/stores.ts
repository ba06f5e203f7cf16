// Errors of the four stores.
import { entry, type NoParameters } from './entry.ts';

export const STORE_ERRORS = {
  'store.lost': entry(
    (p: { store: string; place: string; reason: string; folder: string }) =>
      `${p.store} in ${p.place} is lost: ${p.reason}, and it was made by an earlier start`,
    { store: 'the stream', place: 'data/stream', reason: 'data/stream/data.mdb is missing', folder: 'stream' },
    'Nothing was changed. Put the folder back where it was moved or its disk is not mounted; else bring the whole data folder back by `inframirror restore`. Where it is a server of its own, see that the settings name the one that it was. Where it is gone for good, `inframirror accept-loss stream` (or `columns`, `records`) says what that costs, and the next start begins it anew.',
  ),
  'store.foreign': entry(
    (p: { store: string; place: string; found: string; instance: string }) =>
      `${p.store} in ${p.place} belongs to the installation ${p.found}, this data folder to ${p.instance}`,
    { store: 'the stream', place: 'data/stream', found: 'T0b4qkzXw1aP', instance: 'hCq2y9Zr-7Lm' },
    'Put back the folder that belongs here, or name the server that does in the settings; nothing of this one was changed. Where it is gone for good, move this one away and tell `inframirror accept-loss`. Where all stores name the same other installation, it is the file `instance` of the data folder that is not theirs: write their name into it.',
  ),
  'store.incomplete': entry(
    (p: { store: string; place: string; tables: string }) => `${p.store} in ${p.place} has lost its tables: ${p.tables}`,
    { store: 'the column store', place: 'data/columns', tables: 'samples' },
    'Bring the whole data folder back by `inframirror restore`. Without a backup, move the folder of this store away, tell `inframirror accept-loss columns`, and the next start begins it anew, without all that was in it.',
  ),
  'store.set-back': entry(
    (p: { store: string; place: string; was: string; others: string; folder: string }) =>
      `${p.store} in ${p.place} is an older copy of itself, of ${p.was}: the other stores went on with a newer one until ${p.others} at least`,
    { store: 'the column store', place: 'data/columns', was: '2026-11-28T02:00:11.021Z', others: '2026-11-30T01:10:42.310Z', folder: 'columns' },
    'Put the newer one back where it still is. Else bring the whole data folder back, all stores of one moment, by `inframirror restore`: a single store from a backup or a copied disk does not fit the others. Without that, `inframirror accept-loss columns` (or `records`, `stream`) says what is missing then, and the next start goes on with what is there; the stream begins anew, and the older one is put aside.',
  ),
  'store.notes': entry(
    (p: { file: string; reason: string }) => `what is noted of the stores in ${p.file} cannot be read: ${p.reason}`,
    { file: 'data/stores.json', reason: 'permission denied' },
    'Nothing was changed. Give the user of the server the right to read it; a file of a newer InfraMirror needs that one. Where its content is broken, see that `stream`, `columns` and `records` of the data folder are in their places and move the file away: the stores say themselves whose they are, and the next start writes it anew.',
  ),
  'store.not-accepted': entry(
    (p: { folder: string; reason: string }) => `no loss can be accepted in ${p.folder}: ${p.reason}`,
    { folder: './data', reason: 'it is no data folder of a server' },
    'Name the data folder of the server with `--data DIR`. Nothing was changed.',
  ),
  'stream.full': entry(
    (p: { limit: string }) => `the stream is full: its limit of ${p.limit} is reached`,
    { limit: '10 GiB' },
    'A store does not take what waits for it (`status` names it), or the disk is full: mend that or free disk space. Nothing that was taken is lost, readers go on, senders keep their data and try again.',
  ),
  'stream.fenced': entry(
    (p: { partition: string }) => `partition ${p.partition} belongs to another consumer now`,
    { partition: 'im.metrics/0' },
    'Nothing to do: the new owner goes on from the saved progress.',
  ),
  'stream.unavailable': entry(
    (p: { reason: string }) => `the stream does not answer: ${p.reason}`,
    { reason: 'Input/output error' },
    'Look at the disk of the data folder, or at the brokers of Kafka where the stream is there, and at the log; senders keep their data and try again.',
  ),
  'stream.damaged': entry(
    (p: { file: string; reason: string }) => `the stream’s file ${p.file} is damaged: ${p.reason}`,
    { file: 'data/stream/data.mdb', reason: 'its end is missing' },
    'Bring the whole data folder back by `inframirror restore`. Without a backup, move the folder of the stream away, tell `inframirror accept-loss stream`, and start again: what is in the stores stays, what was accepted and not yet stored is lost.',
  ),
  'stream.group-in-use': entry(
    (p: { group: string }) => `a consumer of the group ${p.group} is there`,
    { group: 'pipeline-samples' },
    'Only a group that is gone can be forgotten or put elsewhere; `inframirror stream groups` tells which are there. Where a group of InfraMirror itself is to read again, `inframirror replay` does it.',
  ),
  'stream.no-group': entry(
    (p: { group: string }) => `there is no group ${p.group} that has saved anything`,
    { group: 'pipeline-sampels' },
    '`inframirror stream groups` lists those that are known.',
  ),
  'stream.other-partitions': entry(
    (p: { topic: string; there: number; wanted: number }) => `the topic ${p.topic} has ${p.there} partitions, not ${p.wanted}`,
    { topic: 'im.metrics', there: 8, wanted: 16 },
    'With another number of partitions a sender’s messages would no longer stand in their order. Set the number in the configuration to what the topic has; for another one begin with new topics on a Kafka of their own.',
  ),
  'stream.newer-schema': entry(
    (p: { found: number; known: number }) => `the stream's layout is version ${p.found}, this program knows ${p.known}`,
    { found: 3, known: 2 },
    'Start the newer version of InfraMirror again, or use another data folder.',
  ),
  'columns.unavailable': entry(
    (p: { reason: string }) => `the column store does not answer: ${p.reason}`,
    { reason: 'it is restarting' },
    'The embedded one is restarted by itself; if it stays so, look at its log in the data folder. Of a server: it is down, its address in the settings file is wrong, or something between does not let us through. What waits goes on when it answers.',
  ),
  'columns.foreign-answer': entry(
    (p: { reason: string }) => `what answers at the address of the column store is not ClickHouse: ${p.reason}`,
    { reason: 'https://ch1.example.org:8443 answered 404: Not Found' },
    'A proxy, a page that asks for a login, or another service. The address must be that of ClickHouse’s HTTP interface (8123, or 8443 with TLS); a proxy between must hand on all headers and bodies of any size.',
  ),
  'columns.certificate': entry(
    (p: { reason: string }) => `no encrypted connection to the column store: ${p.reason}`,
    { reason: 'its certificate has expired' },
    'Renew the certificate on the server, or name in the settings file the file of the authority that signed it (PEM). A name in the certificate must be the one in the address.',
  ),
  'columns.refused-user': entry(
    (p: { reason: string }) => `the column store does not let us in: ${p.reason}`,
    { reason: 'inframirror: Authentication failed: password is incorrect, or there is no user with such name' },
    'The user and the password file in the settings file must be those of a ClickHouse user that may come from this machine. What waits goes on within a minute.',
  ),
  'columns.missing-right': entry(
    (p: { reason: string }) => `the column store’s user may not do what is needed: ${p.reason}`,
    { reason: 'inframirror: Not enough privileges. To execute this query, it is necessary to have the grant INSERT ON inframirror.samples' },
    'Give the right that the reason names; docs/engines.md lists all that are needed. A user whose profile says `readonly` can never do. What waits goes on within a minute.',
  ),
  'columns.pinned-setting': entry(
    (p: { reason: string }) => `the column store lets its user not change a setting that is needed: ${p.reason}`,
    { reason: 'Setting max_execution_time should not be greater than 10' },
    'A constraint of the user’s settings profile. Use a profile without it for this user: each question and insert has limits of its own.',
  ),
  'columns.no-database': entry(
    (p: { reason: string }) => `the column store’s database is not there: ${p.reason}`,
    { reason: 'Database inframirror does not exist' },
    'It is made at the start where the user may do that (`CREATE DATABASE`); else make it, or name another in the settings file.',
  ),
  'columns.old-server': entry(
    (p: { found: string; needed: string }) => `the column store is ClickHouse ${p.found}; ${p.needed} or later is needed`,
    { found: '25.3.2.39', needed: '26.2' },
    'Bring the server forward: the index over words of log lines is in no earlier version as it is used here.',
  ),
  'columns.start-failed': entry(
    (p: { reason: string }) => `the embedded column store did not start: ${p.reason}`,
    { reason: 'Cannot open file ./data/columns/db/status: Permission denied' },
    'The message is ClickHouse’s own. The user who starts InfraMirror must own the data folder; a folder that a newer InfraMirror has written needs that version. Where it cannot parse or read a small file (`.txt`, `.sql`), that file alone is in the way and the data is whole: keep a copy of the folder, and move an empty `mutation_N.txt` away, or report it. What is damaged comes back by `inframirror restore`. Only where nothing else helps, and all samples, lines and processes may be lost: docs/guide/operating.md, “A store is lost”.',
  ),
  'columns.empty-definition': entry(
    (p: { files: string }) => `the embedded column store does not start, as the definition of a table is empty: ${p.files}`,
    { files: './data/columns/db/store/0a1/0a1b6f0e-3c1d-4a57-9a0f-0d6b3f5f6f10/samples.sql' },
    'A full disk leaves it so; the rows of the table are whole. Make room, and keep a copy of the data folder. Put back this one file: a copy of the data folder, or a backup (below `columns`), of the same version of InfraMirror has it under the same path. Else bring all back by `inframirror restore`. Do not remove the file: the store would start without the table, and remove its rows.',
  ),
  'columns.in-use': entry(
    (p: { folder: string; reason: string }) => `the column store's folder ${p.folder} is in use by another process: ${p.reason}`,
    { folder: './data/columns', reason: 'Cannot lock file ./data/columns/db/status' },
    'Stop the other InfraMirror, or start this one with another data folder.',
  ),
  'columns.rejected': entry(
    (p: { code: number; reason: string }) => `the column store refused the statement (${p.code}): ${p.reason}`,
    { code: 60, reason: 'Unknown table' },
    'A defect of InfraMirror: please report the text that led to it.',
  ),
  'columns.refused-rows': entry(
    (p: { code: number; reason: string }) => `the column store refused rows for their values (${p.code}): ${p.reason}`,
    { code: 349, reason: 'Cannot insert NULL value into a column of type Int64' },
    'The rows are put on the topic `im.dead` with the reason; the others are stored.',
  ),
  'columns.late': entry(
    (_: NoParameters) => 'the insert reached the column store after its deadline and wrote nothing',
    {},
    'It is sent again by itself. Where it comes again and again, the column store or the way to it is overloaded.',
  ),
  'columns.limit': entry(
    (p: { limit: string; reason: string }) => `the query went over the limit ${p.limit}: ${p.reason}`,
    { limit: 'max_execution_time', reason: '10 s' },
    'Ask for a shorter range or fewer series, or aggregate earlier.',
  ),
  'columns.cancelled': entry((_: NoParameters) => 'the query was stopped', {}, 'It was stopped by its caller; run it again if that was not meant.'),
  'columns.not-removed': entry(
    (p: { table: string; reason: string }) => `rows of ${p.table} that are older than they are kept could not be removed: ${p.reason}`,
    { table: 'series', reason: 'the disk has become nearly full' },
    'It was given up and is tried again by itself, where there is room: the store writes before it frees. Make room on the disk of the data folder where that is the reason.',
  ),
  'columns.newer-schema': entry(
    (p: { found: number; known: number }) => `the column store's schema is version ${p.found}, this program knows ${p.known}`,
    { found: 3, known: 2 },
    'Start the newer version of InfraMirror again, or use another data folder.',
  ),
  'search.unavailable': entry(
    (p: { reason: string }) => `the search store does not answer: ${p.reason}`,
    { reason: 'it is restarting' },
    'Log lines wait in the stream meanwhile; nothing is lost. Of Elasticsearch, see that its nodes are named as they are, with `https` where they speak it and `ca_file` where their certificate is their own, and that they run.',
  ),
  'search.credentials': entry(
    (p: { reason: string }) => `Elasticsearch does not let us in: ${p.reason}`,
    { reason: '401: unable to authenticate user [inframirror]' },
    'Give the right user and password, or API key. It needs the cluster’s right `manage_index_templates` and `monitor`, and `all` on its own indices.',
  ),
  'search.version': entry(
    (p: { found: string }) => `the search store is ${p.found}; Elasticsearch of version 8 (from 8.14) or 9 is known`,
    { found: 'Elasticsearch 7.17.29' },
    'Name the nodes of such a cluster.',
  ),
  'search.other-mapping': entry(
    (p: { name: string; reason: string }) => `${p.name} of Elasticsearch was not made by InfraMirror: ${p.reason}`,
    { name: 'the index inframirror-logs-2026.12.01', reason: 'its mapping has no mark of ours' },
    'Nothing was changed. Give InfraMirror another `index_prefix`, or remove what is there under its names.',
  ),
  'search.newer-schema': entry(
    (p: { found: number; known: number }) => `the search store's schema is version ${p.found}, this program knows ${p.known}`,
    { found: 3, known: 2 },
    'Start the newer version of InfraMirror again, or use another `index_prefix`.',
  ),
  'search.rejected': entry(
    (p: { reason: string }) => `the search store refuses what it was asked: ${p.reason}`,
    { reason: 'index_not_found_exception: no such index and [action.auto_create_index] is [false]' },
    'The reason is the store’s own. Mend what it names; it is tried again each minute, and log lines wait in the stream meanwhile.',
  ),
  'search.limit': entry(
    (p: { limit: string; reason: string }) => `the search store gave up a query at its limit ${p.limit}: ${p.reason}`,
    { limit: 'timeout', reason: '10 s' },
    'Ask for a shorter range, or for fewer lines.',
  ),
  'search.cancelled': entry(
    (_: NoParameters) => 'the query of the search store was stopped',
    {},
    'It was stopped by its caller; run it again if that was not meant.',
  ),
  'dead.none': entry(
    (p: { id: string }) => `there is no dead letter ${p.id}`,
    { id: '0/17' },
    '`inframirror dead list` names those that are there. The stream keeps a letter for 14 days.',
  ),
  'dead.missing': entry(
    (p: { ids: string; named: number }) => `of the dead letters named (${p.named}), these are not there: ${p.ids}; nothing was done with any of them`,
    { ids: '0/17', named: 3 },
    'Name those that are there: `inframirror dead list --all`. The stream keeps a letter for 14 days.',
  ),
  'dead.refused': entry(
    (p: { id: string; reason: string }) => `the dead letter ${p.id} cannot be put on its way: ${p.reason}`,
    { id: '0/17', reason: 'this version knows no schema profiles' },
    'It stays. `inframirror dead show ID` tells what it is; a newer version may know it, else `inframirror dead drop ID`.',
  ),
  'records.damaged-copy': entry(
    (p: { file: string; reason: string }) => `the copy of the record store in ${p.file} is damaged: ${p.reason}`,
    { file: 'backup/records.jsonl.zst', reason: 'its end is missing' },
    'Use another backup; `inframirror restore` leaves nothing of a damaged one.',
  ),
  'records.damaged': entry(
    (p: { reason: string }) => `files of the record store are damaged or missing: ${p.reason}`,
    { reason: 'could not read blocks 0..0 in file "base/5/2703": read only 0 of 8192 bytes' },
    'They are below `records/pg` in the data folder, the message is PostgreSQL’s own. Bring the whole data folder back by `inframirror restore`. Without a backup, move the folder `records` away, tell `inframirror accept-loss records`, and start again: hosts, events, agents’ keys and the audit are lost then; samples and lines stay.',
  ),
  'records.unavailable': entry(
    (p: { reason: string }) => `the record store does not answer: ${p.reason}`,
    { reason: 'connection refused' },
    'It is restarted by itself; if it stays so, look at its log in the data folder.',
  ),
  'records.certificate': entry(
    (p: { reason: string }) => `no encrypted connection to the record store: ${p.reason}`,
    { reason: 'its certificate has expired' },
    'Renew the certificate on the server, or name in the settings file the file of the authority that signed it (PEM). A name in the certificate must be the one in the address. A server or PgBouncer that speaks no TLS is reached only where the settings say that it is not to.',
  ),
  'records.refused-user': entry(
    (p: { reason: string }) => `the record store does not let us in: ${p.reason}`,
    { reason: 'password authentication failed for user "inframirror"' },
    'User and password in the file of the address must be those of a role of the server that may log in; `pg_hba.conf` must let it come from this machine, a PgBouncer must know it. What waits goes on within a minute.',
  ),
  'records.no-database': entry(
    (p: { reason: string }) => `the record store’s database is not there: ${p.reason}`,
    { reason: 'database "inframirror" does not exist' },
    'Make it, owned by the user in the address: `CREATE DATABASE inframirror OWNER inframirror`.',
  ),
  'records.old-server': entry(
    (p: { found: string; needed: string }) => `the record store is PostgreSQL ${p.found}; ${p.needed} or later is needed`,
    { found: '12.22', needed: '14' },
    'Bring the server forward.',
  ),
  'records.conflict': entry(
    (p: { constraint: string }) => `the record store refused the change: ${p.constraint}`,
    { constraint: 'hosts_pkey' },
    'The same thing exists already.',
  ),
  'records.cancelled': entry(
    (_: NoParameters) => 'the record store’s query was stopped',
    {},
    'It was stopped by its caller; run it again if that was not meant.',
  ),
  'records.rejected': entry(
    (p: { code: string; reason: string }) => `the record store refused the statement (${p.code}): ${p.reason}`,
    { code: '42P01', reason: 'relation does not exist' },
    'Where the reason names a missing right or says that the server is read-only, mend that on the server: what waits for it goes on within a minute. Anything else is a defect of InfraMirror: please report the text that led to it.',
  ),
  'records.refused-rows': entry(
    (p: { code: string; reason: string }) => `the record store refused a value (${p.code}): ${p.reason}`,
    { code: '22021', reason: 'invalid byte sequence for encoding "UTF8": 0x00' },
    'What came with it is put on the topic `im.dead` with the reason; the rest is stored.',
  ),
  'records.newer-schema': entry(
    (p: { found: number; known: number }) => `the record store's schema is version ${p.found}, this program knows ${p.known}`,
    { found: 3, known: 2 },
    'Start the newer version of InfraMirror again, or use another data folder.',
  ),
  'records.start-failed': entry(
    (p: { reason: string }) => `the embedded record store did not start: ${p.reason}`,
    { reason: 'could not create the folder: Permission denied' },
    'The message is PostgreSQL’s own; the whole log is `postgres.log` in the store’s folder. The user who starts InfraMirror must own the data folder.',
  ),
};
