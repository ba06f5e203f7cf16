// The name of an exported file, from the text and its moment: safe in every file system, the same text the same name.

const MOST = 60;

export const fileName = (text: string, at: number, extension: string): string => {
  const words = text
    .replaceAll(/\/\/.*$/gm, ' ')
    .replaceAll(/[^\p{L}\p{N}_.]+/gu, '-')
    .slice(0, MOST)
    .replaceAll(/^[-.]+|[-.]+$/g, '');
  return `${words === '' ? 'result' : words}_${new Date(at).toISOString().slice(0, 19).replaceAll(':', '-')}Z.${extension}`;
};
