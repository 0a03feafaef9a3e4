/** One sheet for every page: no font, image or script from anywhere, in light and in dark, from a phone's width up. */
export const style = `
:root { color-scheme: light dark; --ink: #1c2330; --quiet: #5c6675; --paper: #fbfbfa; --card: #fff; --line: #e3e5e8; --soft: #f1f3f5;
  --accent: #2457c5; --get: #1b7f4b; --post: #2457c5; --put: #9a5b00; --delete: #b3261e; --client: #6b3fa0; --server: #0b7285; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e7ec; --quiet: #98a2b3; --paper: #12151a; --card: #191d24; --line: #2b313b; --soft: #222832;
    --accent: #82aaff; --get: #5fd08f; --post: #82aaff; --put: #f0b357; --delete: #ff8a80; --client: #c5a3ff; --server: #5cc8d7; }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; -webkit-text-size-adjust: 100%; }
body { margin: 0; color: var(--ink); background: var(--paper); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; }
a { color: var(--accent); text-decoration: none; } a:hover { text-decoration: underline; }
code, pre { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { overflow-wrap: anywhere; }
pre { margin: .6rem 0; padding: .8rem 1rem; background: var(--soft); border-radius: 8px; overflow-x: auto; }
h1 { margin: 0 0 .4rem; font-size: 1.9rem; line-height: 1.2; letter-spacing: -.02em; }
h2 { margin: 2.6rem 0 .8rem; font-size: 1.2rem; text-transform: capitalize; } h2 small { color: var(--quiet); font-weight: 400; text-transform: none; }
.layout { display: grid; grid-template-columns: 13rem minmax(0, 1fr); gap: 2.5rem; max-width: 76rem; margin: 0 auto; padding: 2.2rem 1.5rem 5rem; }
.narrow { max-width: 46rem; margin: 0 auto; padding: 12vh 1.5rem 4rem; }
nav { position: sticky; top: 1.5rem; align-self: start; max-height: calc(100vh - 3rem); overflow-y: auto; }
nav b { display: block; margin-bottom: .6rem; font-size: 1.1rem; } nav a { display: flex; justify-content: space-between; padding: .22rem .6rem; border-radius: 6px; color: var(--ink); text-transform: capitalize; }
nav a:hover { background: var(--soft); text-decoration: none; } nav i { color: var(--quiet); font-style: normal; font-size: 13px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
.card > details + details { border-top: 1px solid var(--line); }
summary { display: grid; grid-template-columns: 4.6rem minmax(0, 1fr); gap: .1rem .8rem; align-items: baseline; padding: .6rem 1rem; cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; } summary:hover, details[open] > summary { background: var(--soft); }
summary code { font-weight: 600; font-size: 13.5px; } summary p { grid-column: 2; margin: 0; color: var(--quiet); }
summary:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
.inside { padding: .4rem 1rem 1rem; } .inside h3 { margin: .9rem 0 .2rem; font-size: .8rem; letter-spacing: .04em; text-transform: uppercase; color: var(--quiet); }
.tag { display: inline-block; min-width: 4.4rem; padding: .05rem .4rem; border: 1px solid currentColor; border-radius: 5px; text-align: center; font: 600 11px/1.6 ui-monospace, monospace; }
.get { color: var(--get); } .post { color: var(--post); } .put { color: var(--put); } .delete, .close { color: var(--delete); } .client { color: var(--client); } .server { color: var(--server); }
.open { margin-left: .5rem; padding: 0 .4rem; border-radius: 5px; background: var(--soft); color: var(--quiet); font-size: 12px; }
.quiet { color: var(--quiet); }
.scroll { overflow-x: auto; } table { width: 100%; border-collapse: collapse; }
td, th { padding: .35rem 1rem .35rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; } tr:last-child td { border-bottom: 0; }
th { color: var(--quiet); font-size: .8rem; font-weight: 600; } .card table td:first-child, .card table th:first-child { padding-left: 1rem; } .inside table td:first-child { padding-left: 0; }
.links { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: .8rem; margin: 1.6rem 0; }
.links a { display: block; padding: .9rem 1rem; border: 1px solid var(--line); border-radius: 10px; background: var(--card); color: var(--ink); }
.links a:hover { border-color: var(--accent); text-decoration: none; } .links b { color: var(--accent); } .links span { display: block; color: var(--quiet); font-size: 14px; }
@media (max-width: 48rem) {
  .layout { display: block; padding: 1.2rem 1rem 4rem; } .narrow { padding-top: 2rem; }
  nav { position: static; max-height: none; display: flex; flex-wrap: wrap; gap: .3rem; margin-bottom: 1.6rem; } nav b { flex-basis: 100%; }
  nav > a { border: 1px solid var(--line); gap: .4rem; } nav b a { padding: 0; } summary { grid-template-columns: minmax(0, 1fr); padding: .6rem .8rem; } summary p { grid-column: 1; } .tag { justify-self: start; }
}
@media print { nav { display: none; } .layout { display: block; } }
`;
