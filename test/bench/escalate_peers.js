// What escalate_peers.py runs in node: jobs that do nothing through graphile-worker or pg-boss.
// node escalate_peers.js graphile|boss JOBS: prints jobs a second.
'use strict';

const [which, count] = [process.argv[2], Number(process.argv[3])];
const connection = { host: process.env.PGHOST, user: process.env.PGUSER, database: process.env.PGDATABASE,
                     options: '-c synchronous_commit=off' };

// As in its own performance test: one process, 24 jobs at once, a local queue of 500, completions batched.
async function graphile() {
    const { Pool } = require('pg');
    const { makeWorkerUtils, run, Logger } = require('graphile-worker');
    const logger = new Logger(() => () => {});
    const pgPool = new Pool({ ...connection, max: 25 });
    const utils = await makeWorkerUtils({ pgPool, logger });
    await utils.migrate();
    for (let from = 0; from < count; from += 10000)
        await pgPool.query(`SELECT graphile_worker.add_jobs(array(
            SELECT json_populate_record(NULL::graphile_worker.job_spec, json_build_object('identifier', 'nothing', 'payload', json_build_object('id', i)))
            FROM generate_series(1, $1::int) i))`, [Math.min(10000, count - from)]);
    let done = 0;
    const began = process.hrtime.bigint();
    await new Promise(async (resolve) => {
        await run({
            pgPool, logger, concurrency: 24, pollInterval: 2000, noHandleSignals: true,
            preset: { worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
            taskList: { nothing: async () => { if (++done === count) resolve(); } },
        });
    });
    return Number(process.hrtime.bigint() - began) / 1e9;
}

// Four loops that fetch and complete 100 at once.
async function boss() {
    const boss = require('pg-boss');
    const Boss = boss.PgBoss || boss;
    const { Pool } = require('pg');
    const pool = new Pool({ ...connection, max: 8 });
    const b = new Boss({ db: { executeSql: (text, values) => pool.query(text, values) }, supervise: false, schedule: false });
    await b.start();
    await b.createQueue('nothing');
    for (let from = 0; from < count; from += 10000)
        await b.insert(Array.from({ length: Math.min(10000, count - from) }, (_, i) => ({ name: 'nothing', data: { id: i } })));
    let done = 0;
    const began = process.hrtime.bigint();
    await Promise.all([1, 2, 3, 4].map(async () => {
        for (;;) {
            const jobs = await b.fetch('nothing', { batchSize: 100 });
            if (!jobs || jobs.length === 0) return;
            await b.complete('nothing', jobs.map((job) => job.id));
            done += jobs.length;
        }
    }));
    if (done !== count) throw new Error(`${done} of ${count} jobs`);
    return Number(process.hrtime.bigint() - began) / 1e9;
}

(which === 'graphile' ? graphile() : boss()).then((seconds) => {
    console.log((count / seconds).toFixed(1));
    process.exit(0);
}, (error) => { console.error(error); process.exit(1); });
