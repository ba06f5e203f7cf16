// The agent's own state as metrics, so that it can be asked for like everything else.
import type { MakeCollector } from './collector.ts';

export const own: MakeCollector = (instruments, sources) => {
  const cpu = instruments.counter('inframirror.agent.cpu.time', 's', 'Processor time the agent used', 'cpu.mode');
  const memory = instruments.gauge('inframirror.agent.memory.usage', 'By', 'Resident memory of the agent');
  const sent = instruments.counter('inframirror.agent.frames.sent', '{frame}', 'Frames the server acknowledged');
  const bytes = instruments.counter('inframirror.agent.frames.io', 'By', 'Bytes of the frames the server acknowledged, compressed');
  const dropped = instruments.counter('inframirror.agent.frames.dropped', '{frame}', 'Frames that never reached the server', 'reason');
  const failures = instruments.counter('inframirror.agent.send.failures', '{attempt}', 'Attempts to send that failed and were repeated');
  const spoolBytes = instruments.gauge('inframirror.agent.spool.usage', 'By', 'Disk space of the spool');
  const spoolFrames = instruments.gauge('inframirror.agent.spool.frames', '{frame}', 'Frames that wait to be acknowledged');
  const spoolWaiting = instruments.gauge('inframirror.agent.spool.waiting', 'By', 'Bytes of the frames that wait to be acknowledged, compressed');
  const oldest = instruments.gauge('inframirror.agent.spool.oldest', 's', 'Age of the frame that waits longest; 0 when none waits');
  const foreign = instruments.counter('inframirror.agent.send.foreign', '{answer}', 'Answers of something at the server’s address that is not InfraMirror');
  const conflicts = instruments.counter(
    'inframirror.agent.run.conflicts',
    '{conflict}',
    'Times the server had a later run of this agent, as when its folder was copied',
  );
  const lines = instruments.counter('inframirror.agent.log.lines', '{line}', 'Log lines read');
  const skipped = instruments.counter('inframirror.agent.log.skipped', '{line}', 'Log lines too old to be sent when their file was met for the first time');
  const cut = instruments.counter('inframirror.agent.log.cut', 'By', 'Bytes of over-long log lines that were not kept');
  const holes = instruments.counter('inframirror.agent.log.holes', 'By', 'Zero bytes in log files that are holes, where no line stands');
  const lost = instruments.counter('inframirror.agent.log.lost', 'By', 'Bytes of rotated or removed log files that could not be read for an hour');
  const behind = instruments.gauge('inframirror.agent.log.behind', 'By', 'Bytes that log files hold beyond what was read');
  const failed = instruments.counter(
    'inframirror.agent.log.failed',
    '{failure}',
    'Log lines whose reader failed, by format, or whose time could not be kept, and failures to read a file',
    'reason',
    'source',
  );
  const failedCollectors = instruments.counter('inframirror.agent.collector.failed', '{run}', 'Runs of a collector that failed', 'collector');
  const logFiles = instruments.gauge('inframirror.agent.log.files', '{file}', 'Log files followed');
  return {
    name: 'own',
    collect: () => {
      const { user, system } = process.cpuUsage();
      cpu.set(Math.round(user / 1000) / 1000, 'user');
      cpu.set(Math.round(system / 1000) / 1000, 'system');
      memory.set(process.memoryUsage.rss());
      const figures = sources.own();
      sent.set(figures.sentFrames);
      bytes.set(figures.sentBytes);
      failures.set(figures.failures);
      for (const [reason, n] of figures.droppedFrames) dropped.set(n, reason);
      spoolBytes.set(figures.spoolBytes);
      spoolFrames.set(figures.spoolFrames);
      spoolWaiting.set(figures.spoolWaiting);
      oldest.set(figures.oldestWaiting);
      foreign.set(figures.foreignAnswers);
      conflicts.set(figures.conflicts);
      lines.set(figures.logLines);
      skipped.set(figures.logLinesSkipped);
      for (const { reason, source, count } of figures.logFailures) failed.set(count, reason, source);
      for (const [name, n] of figures.failedCollectors) failedCollectors.set(n, name);
      cut.set(figures.logBytesCut);
      holes.set(figures.logBytesOfHoles);
      lost.set(figures.logBytesLost);
      behind.set(figures.logBytesBehind);
      logFiles.set(figures.logFiles);
    },
  };
};
