import { describe, expect, test } from 'vitest';
import { parseMirror } from './base-image.js';

describe('the Debian mirror of a machine', () => {
  test('is read from one-line sources, with options and without', () => {
    expect(parseMirror('# deb http://old/debian bookworm main\ndeb http://near.example/debian/ bookworm main\n')).toBe(
      'http://near.example/debian',
    );
    const signed = 'deb [arch=amd64 signed-by=/k.gpg] https://near.example/pub/debian bookworm main\n';
    expect(parseMirror(signed)).toBe('https://near.example/pub/debian');
  });

  test('is read from deb822 sources', () => {
    expect(parseMirror('Types: deb\nURIs: http://deb.debian.org/debian\nSuites: bookworm\n')).toBe(
      'http://deb.debian.org/debian',
    );
  });

  test('is not one for security updates, and not one of another distribution', () => {
    expect(parseMirror('URIs: http://deb.debian.org/debian-security\n')).toBeUndefined();
    expect(parseMirror('deb http://archive.ubuntu.com/ubuntu noble main\n')).toBeUndefined();
  });
});
