// Saved queries over GraphQL: list, read, save, rename, delete and bring back. Transport only; rules and limits are behind the port.
import type { SavedQuery, SavedVersion } from '../schemas/saved-query.ts';
import { builder } from './builder.ts';
import { placed } from './placed.ts';
import { DiagnosticRef } from './result.ts';
import type { SaveAnswer } from './service.ts';
import { told } from './told.ts';

const RANGE = 'The time range it opens with: 6h, today, yesterday, or two ISO times with a slash between them; null: the one chosen on the page';

const SavedVersionRef = builder.objectRef<SavedVersion>('SavedVersion').implement({
  description: 'A text as it was saved once',
  fields: (t) => ({
    version: t.exposeInt('version', { description: 'From 1 on' }),
    text: t.exposeString('text'),
    description: t.exposeString('description'),
    range: t.string({ nullable: true, description: RANGE, resolve: (v) => v.range ?? null }),
    savedAt: t.field({ type: 'Time', resolve: (v) => v.savedAt }),
    who: t.exposeString('who', { description: 'session: a browser; admin: a program with the token' }),
  }),
});

const SavedQueryRef = builder.objectRef<SavedQuery>('SavedQuery').implement({
  description: 'A text kept under a name, as it stands',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'A dotted name of IQL; dots are folders' }),
    version: t.exposeInt('version', { description: 'From 1 on' }),
    text: t.exposeString('text'),
    description: t.exposeString('description'),
    range: t.string({ nullable: true, description: RANGE, resolve: (v) => v.range ?? null }),
    savedAt: t.field({ type: 'Time', resolve: (v) => v.savedAt }),
    who: t.exposeString('who', { description: 'Who saved this version; session: a browser, admin: a program with the token' }),
    parameters: t.stringList({
      description: 'Its $parameters',
      resolve: async (v, _, { services, queries }) => [...(await services.saved.parameters(queries, v.text))],
    }),
  }),
});

interface SaveShape extends SaveAnswer {
  readonly text: string;
}

const ConflictRef = builder.objectRef<SaveShape & { readonly stands: SavedQuery }>('SaveConflict').implement({
  description: 'Somebody saved another version meanwhile: nothing was changed, nothing is lost',
  fields: (t) => ({
    given: t.exposeString('text', { description: 'The text that was to be saved' }),
    stands: t.field({ type: SavedQueryRef, description: 'What stands under the name; its version as base saves over it', resolve: (c) => c.stands }),
  }),
});

const SaveRef = builder.objectRef<SaveShape>('SaveAnswer').implement({
  description: 'Saved, or why not: an error among the diagnostics, or a conflict',
  fields: (t) => ({
    saved: t.field({ type: SavedQueryRef, nullable: true, resolve: (a) => a.saved ?? null }),
    conflict: t.field({ type: ConflictRef, nullable: true, resolve: (a) => (a.stands === undefined ? null : { ...a, stands: a.stands }) }),
    diagnostics: t.field({ type: [DiagnosticRef], resolve: (a) => placed(a.diagnostics, a.text) }),
  }),
});

builder.queryFields((t) => ({
  savedQueries: t.field({ type: [SavedQueryRef], description: 'By name', resolve: (_, __, { services }) => services.saved.list().catch(told) }),
  savedQuery: t.field({
    type: SavedQueryRef,
    nullable: true,
    args: { name: t.arg.string({ required: true }) },
    resolve: async (_, { name }, { services }) => (await services.saved.read(name).catch(told)) ?? null,
  }),
  savedVersions: t.field({
    type: [SavedVersionRef],
    description: 'Newest first, the last hundred; none of a name that is not there. Asked by name and not for each of a list, which would have no bound',
    args: { name: t.arg.string({ required: true }) },
    resolve: (_, { name }, { services }) => services.saved.versions(name).catch(told),
  }),
}));

builder.mutationType({
  fields: (t) => ({
    saveQuery: t.field({
      type: SaveRef,
      description: 'Saves a text that can be asked; each save is a version',
      args: {
        name: t.arg.string({ required: true }),
        text: t.arg.string({ required: true }),
        description: t.arg.string(),
        range: t.arg.string({ description: RANGE }),
        base: t.arg.int({ description: 'The version that was changed; left out for a new one' }),
      },
      resolve: async (_, { name, text, description, range, base }, { services, queries, who }) => {
        const given = { name, text, description: description ?? '', range: range ?? undefined, base: base ?? undefined };
        return { ...(await services.saved.save(who, queries, given).catch(told)), text };
      },
    }),
    renameQuery: t.field({
      type: SavedQueryRef,
      args: { name: t.arg.string({ required: true }), to: t.arg.string({ required: true }) },
      resolve: (_, { name, to }, { services, who }) => services.saved.rename(who, name, to).catch(told),
    }),
    deleteQuery: t.field({
      type: SavedQueryRef,
      description: 'As it was; undeleteQuery brings it back with its versions',
      args: { name: t.arg.string({ required: true }) },
      resolve: (_, { name }, { services, who }) => services.saved.delete(who, name).catch(told),
    }),
    undeleteQuery: t.field({
      type: SavedQueryRef,
      description: 'Brings back the one of that name that was deleted last',
      args: { name: t.arg.string({ required: true }) },
      resolve: (_, { name }, { services, who }) => services.saved.undelete(who, name).catch(told),
    }),
  }),
});
