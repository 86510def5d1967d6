// Draws dashboards in headless Chromium: node draw.mjs JOBS.json
// JOBS: {chromium, folder (of the built page), dashboards (folder of the JSON), jobs: [{dashboard, query, out, width}]}.
// Writes out.png and out.json for each.
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { chromium } from 'playwright-core';
import upng from 'upng-js';

const BOUND = 120_000;
const COLORS = 128;
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json' };

const { chromium: executablePath, folder, dashboards, jobs } = JSON.parse(await readFile(process.argv[2], 'utf8'));

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  const [, root, rest] = pathname.match(/^\/(dashboards\/)?(.*)$/);
  const file = path.join(root ? dashboards : folder, path.normalize(`/${rest || 'index.html'}`));
  try {
    const content = await readFile(file);
    response.writeHead(200, { 'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream' }).end(content);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${server.address().port}`;

const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
try {
  for (const job of jobs) await draw(job);
} finally {
  await browser.close();
  server.close();
}

async function draw({ dashboard, query, out, width }) {
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  const thrown = [];
  page.on('pageerror', (error) => thrown.push(error.stack ?? error.message));
  page.on('console', (message) => message.type() === 'error' && !isNoise(message) && thrown.push(`console: ${message.text()}`));
  try {
    await page.goto(`${origin}/?${new URLSearchParams({ dashboard, ...query })}`);
    await page.waitForFunction(isQuiet, null, { timeout: BOUND, polling: 250 });
    // As high as what is on it, so that all of it is in one picture.
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ width, height: height + 8 });
    await page.evaluate(() => (window.quietSince = undefined));
    await page.waitForFunction(isQuiet, null, { timeout: BOUND, polling: 250 });
    await writeFile(`${out}.png`, smaller(await page.screenshot()));
  } catch (error) {
    thrown.push(`the page was not drawn in time: ${error.message}`);
  }
  const report = await page.evaluate(() => window.report);
  await writeFile(`${out}.json`, JSON.stringify({ ...report, errors: [...report.errors, ...thrown] }, null, 1));
  await page.close();
}

// In a palette: charts have few colours, and a picture of them need not be large.
function smaller(picture) {
  const { width, height, ...image } = upng.decode(picture.buffer.slice(picture.byteOffset, picture.byteOffset + picture.length));
  return Buffer.from(upng.encode(upng.toRGBA8({ width, height, ...image }), width, height, COLORS));
}

// A file that is not there, such as an icon, is no fault of the dashboard.
function isNoise(message) {
  return /Failed to load resource/.test(message.text());
}

// Runs in the page: no panel has been at work for a second and a half.
function isQuiet() {
  const { drawn, errors, panels, queries } = window.report;
  if (!drawn && !errors.length) return false;
  const state = JSON.stringify([Object.values(panels), queries.length, errors.length]);
  const working = Object.values(panels).some((panel) => ['NotStarted', 'Loading', 'Streaming'].includes(panel.state));
  if (working || state !== window.lastState) {
    window.lastState = state;
    window.quietSince = Date.now();
    return false;
  }
  return Date.now() - (window.quietSince ??= Date.now()) > 1500;
}
