// Backups over GraphQL: how the last one is, and having one written or broken off. Only a program with the admin token may do the latter,
// as the server writes to the folder that is named. Transport only.
import { CodedError } from '../core/errors.ts';
import { builder } from './builder.ts';
import type { BackupState } from './service.ts';
import { told } from './told.ts';

const BackupRef = builder.objectRef<BackupState>('Backup').implement({
  description: 'The backup that runs, or else the last one',
  fields: (t) => ({
    state: t.exposeString('state', { description: 'none, running, done or failed' }),
    dir: t.exposeString('dir', { nullable: true, description: 'Folder that it is in' }),
    step: t.exposeString('step', { nullable: true, description: 'What is done now' }),
    bytes: t.exposeFloat('bytes', { description: 'That are written' }),
    totalBytes: t.exposeFloat('totalBytes', { description: 'That will be, about; 0 until that is known' }),
    point: t.exposeString('point', { nullable: true, description: 'The moment that it is of' }),
    seconds: t.exposeFloat('seconds', { nullable: true, description: 'How long it took' }),
    error: t.string({ nullable: true, description: 'Why it failed', resolve: ({ error }) => error?.message ?? null }),
    code: t.string({ nullable: true, description: 'Code of that', resolve: ({ error }) => (error instanceof CodedError ? error.code : null) }),
  }),
});

const mayWrite = (who: string): void => {
  if (who !== 'admin') told(new CodedError('backup.caller', {}));
};

builder.queryFields((t) => ({
  backup: t.field({ type: BackupRef, description: 'The backup that runs, or else the last one', resolve: (_, __, { platform }) => platform.backups.state }),
}));

builder.mutationFields((t) => ({
  startBackup: t.field({
    type: BackupRef,
    description: 'Has all stores written to a new folder of the server, as they are at one moment',
    args: { dir: t.arg.string({ required: true, description: 'Whole path of a folder that is not there yet' }) },
    resolve: (_, { dir }, { platform, who }) => {
      mayWrite(who);
      return platform.backups.start(who, dir).catch(told);
    },
  }),
  cancelBackup: t.boolean({
    description: 'Breaks off the backup that runs and removes what it has written',
    resolve: (_, __, { platform, who }) => {
      mayWrite(who);
      platform.backups.cancel(who);
      return true;
    },
  }),
}));
