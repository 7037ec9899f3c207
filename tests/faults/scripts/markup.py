# outcome: ok
# says: <script>alert(1)</script>
print("<script>alert(1)</script></pre></div><img src=x onerror=alert(1)>&lt;b&gt;<!-- ]]> ${1} {{x}} `code` ")
