//! How the page looks: system fonts, ink on paper, and no meaning in colour alone.

pub(super) const CSS: &str = "
:root{--ink:#1a1f27;--soft:#5b6472;--line:#d7dce3;--bar:#2f5d8a;--pale:#f4f6f8}
*{box-sizing:border-box}
body{margin:0;background:#fff;color:var(--ink);font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}
main{max-width:1120px;margin:0 auto;padding:32px 24px 64px}
h1{font-size:26px;line-height:1.25;margin:0 0 8px}
h2{font-size:19px;margin:36px 0 10px;padding-bottom:6px;border-bottom:1px solid var(--line)}
h3{font-size:14px;margin:0 0 6px}
p{margin:6px 0 10px;max-width:80ch}
.framework{color:var(--soft);margin:0;text-transform:uppercase;letter-spacing:.04em;font-size:12px}
.period{color:var(--soft)}
.strip{display:flex;flex-wrap:wrap;gap:12px;list-style:none;margin:18px 0 0;padding:0}
.strip li{flex:1 1 180px;background:var(--pale);border:1px solid var(--line);border-radius:6px;padding:12px 14px}
.strip b{display:block;font-size:28px;line-height:1.1;font-variant-numeric:tabular-nums}
.strip span,.answers span{color:var(--soft)}
.answers{list-style:none;margin:0;padding:0}
.answers li{margin:1px 0}
table{border-collapse:collapse;width:100%;margin:8px 0 14px;font-size:13px}
th{text-align:left;font-weight:600;color:var(--soft);border-bottom:1px solid var(--ink);padding:4px 10px 4px 0;vertical-align:bottom}
td{border-bottom:1px solid var(--line);padding:5px 10px 5px 0;vertical-align:top;overflow-wrap:anywhere}
code,pre{font:12px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
pre{background:var(--pale);border:1px solid var(--line);border-radius:6px;padding:10px 12px;white-space:pre-wrap;overflow-wrap:anywhere}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(320px,1fr));gap:22px 28px}
.charts figure{margin:0;break-inside:avoid}
.charts .wide{grid-column:1/-1}
svg{display:block;width:100%;height:auto}
svg text{font:11px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;fill:var(--ink)}
svg .label{fill:var(--soft)}
svg rect{fill:var(--bar)}
@page{margin:14mm}
@media print{body{font-size:11px}main{max-width:none;padding:0}h2{break-after:avoid}tr{break-inside:avoid}
thead{display:table-header-group}svg rect{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
";
