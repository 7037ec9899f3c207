import sys
from playwright.sync_api import sync_playwright
import shutil
with sync_playwright() as p:
    b=p.chromium.launch(executable_path=shutil.which("chromium"),args=["--no-sandbox"])
    page,w,scheme,sel,out=sys.argv[1:6]
    c=b.new_context(viewport={"width":int(w),"height":1000},color_scheme=scheme,device_scale_factor=float(sys.argv[6]) if len(sys.argv)>6 else 1); pg=c.new_page()
    pg.goto("file:///tmp/lab/ma/html/"+page+".html"); pg.wait_for_timeout(300)
    pg.evaluate("document.querySelectorAll('details').forEach(d=>d.open=true)")
    pg.locator(sel).screenshot(path=out); b.close()
