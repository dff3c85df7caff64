/** 1xxx: files and documents that cannot be read as objects. */
export const READING = {
  PEL1001: {
    title: 'Broken YAML',
    severity: 'error',
    message: 'this document is not YAML: {problem}',
    cause:
      'A document that cannot be parsed is left out; the other documents of the file are used, and if this one was good before, its last good version stays in use.',
    remedy:
      'Mend the syntax at the place named. Most often it is the indentation, a tab, or a text with ": " in it that needs quotes.',
    example: 'kind: Service\n  name: web',
  },
  PEL1002: {
    title: 'File too large',
    severity: 'error',
    message: 'the file is {size} bytes, more than the {limit} that are read',
    cause:
      'Every input has a limit, so that one file cannot exhaust the memory of the control plane. Nothing of this file is read.',
    remedy: 'Split the file into several.',
    example: 'A manifest of 5 MiB.',
  },
  PEL1003: {
    title: 'Too many documents',
    severity: 'error',
    message: 'there are more than {limit} documents here; those after the limit are not read',
    cause: 'Every input has a limit, so that one file cannot exhaust the memory of the control plane.',
    remedy: 'Split the file, or take out what this mesh does not need.',
    example: 'A file of 10,001 documents.',
  },
  PEL1004: {
    title: 'Same object twice',
    severity: 'error',
    message: '{object} is defined here and at {other}; the one at {other} is used',
    cause: 'A cluster has one object of a kind and name. Two definitions would overwrite each other on every change.',
    remedy: 'Delete one of the two, or give it another name.',
    example: 'Two documents with kind: Service and name: web in one namespace.',
  },
  PEL1005: {
    title: 'Not an object',
    severity: 'error',
    message: 'this document is not an object: {problem}',
    cause:
      'Every object needs apiVersion, kind and metadata.name; without them nobody can say what it is. The document is left out.',
    remedy: 'Give it apiVersion, kind and metadata.name, or delete it.',
    example: 'apiVersion: v1\nmetadata:\n  name: web',
  },
  PEL1006: {
    title: 'File outside the folder',
    severity: 'error',
    message: '{link} leads out of the folder, to {target}; it is not read',
    cause:
      'A folder of manifests is often somebody else’s. A link could make the control plane read files of the machine that were never meant for it.',
    remedy: 'Copy the file into the folder.',
    example: 'manifests/web.yaml -> /etc/passwd',
  },
  PEL1007: {
    title: 'File cannot be read',
    severity: 'error',
    message: 'the file cannot be read: {problem}',
    cause: 'What it held before stays in use until it can be read again.',
    remedy: 'Look at its permissions and at what it is.',
    example: 'chmod 000 manifests/web.yaml',
  },
  PEL1008: {
    title: 'Key given twice',
    severity: 'error',
    message: 'this document gives a key twice: {problem}',
    cause:
      'Only one of the two can count, and which one is a matter of the reader. Kubernetes refuses such objects as well.',
    remedy: 'Delete one of the two.',
    example: 'metadata:\n  name: web\n  name: shop',
  },
  PEL1009: {
    title: 'Bad object name',
    severity: 'error',
    message: '"{value}" cannot be the {what} of an object',
    cause:
      'Names of objects become parts of host names and of Envoy resources: lower-case letters, digits, "-" and ".", at most 253 characters (namespaces: no ".", at most 63).',
    remedy: 'Choose another name.',
    example: 'metadata:\n  name: My_Service',
  },
  PEL1010: {
    title: 'Too many files',
    severity: 'error',
    message: 'there are more than {limit} files in {folder}; those after the limit are not read',
    cause: 'Every input has a limit, so that one folder cannot exhaust the memory of the control plane.',
    remedy: 'Point at the folder that holds the manifests, not at one above it.',
    example: 'pelagos up /',
  },
} as const;
