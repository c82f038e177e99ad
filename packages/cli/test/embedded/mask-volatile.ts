const VOLATILE =
  /"(?:uptimeSeconds|cpuPercent|cpuSeconds|rssBytes|pid|ppid|lastPid|startedAt|endedAt)": (?:[\d.]+|"[^"]*")/g;

/** Puts a star for all in a document that is another each time that somebody looks, or in another run of the app. */
export function maskVolatile(document: string): string {
  return document.replace(VOLATILE, (found) => found.replace(/: .*/, ': *'));
}
