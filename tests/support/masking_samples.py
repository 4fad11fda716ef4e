"""Texts with and without secrets and personal data, as people paste them.

Secrets are drawn anew for each seed: none stands here, so no scanner of repositories has cause to complain and no rule
can be fitted to one string.
"""

from __future__ import annotations

import base64
import json
import random
import re
import string
from collections.abc import Callable

_LETTERS, _DIGITS, _HEX = string.ascii_letters, string.digits, "0123456789abcdef"
_BASE64 = _LETTERS + _DIGITS + "+/"
_URL = _LETTERS + _DIGITS + "_-"


def _draw(chance: random.Random, alphabet: str, count: int) -> str:
    text = "".join(chance.choices(alphabet, k=count))
    return text if count < 8 or not set(alphabet) & set(_DIGITS) or re.search(r"\d", text) else "7" + text[1:]


def _password(chance: random.Random) -> str:
    word = chance.choice(["Sommer", "Tiger", "correct", "kuchen", "Panda", "falcon", "Qwert", "winter"])
    return word + chance.choice(["", "!", "-", "_", "#"]) + _draw(chance, _DIGITS, chance.randint(2, 5))


def _luhn(number: str) -> str:
    total = 0
    for place, digit in enumerate(int(one) for one in reversed(number)):
        doubled = digit * 2 if place % 2 == 0 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return number + str(-total % 10)


def _in_fours(number: str) -> str:
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))


def _resident_id(chance: random.Random) -> str:
    body = chance.choice(["110105", "310104", "440305", "330106", "510107"])
    body += (
        f"{chance.randint(1950, 2004)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}{chance.randint(1, 999):03}"
    )
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(one) * weight for one, weight in zip(body, weights, strict=True)) % 11]


def _iban(chance: random.Random) -> str:
    body = _draw(chance, _DIGITS, 18)
    check = 98 - int(body + "131400") % 97  # D and E are 13 and 14
    compact = f"DE{check:02}{body}"
    return chance.choice([compact, _in_fours(compact)])


def _jwt(chance: random.Random) -> str:
    def part(data: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")

    head, body = part({"alg": "HS256", "typ": "JWT"}), part({"sub": chance.randint(1, 10**6), "exp": 1_790_000_000})
    return f"{head}.{body}.{_draw(chance, _URL, 43)}"


def _pem(chance: random.Random) -> str:
    kind = chance.choice(["RSA ", "EC ", "OPENSSH ", ""])
    lines = [_draw(chance, _BASE64, 64) for _ in range(chance.randint(4, 20))] + [_draw(chance, _BASE64, 30) + "=="]
    return "\n".join([f"-----BEGIN {kind}PRIVATE KEY-----", *lines, f"-----END {kind}PRIVATE KEY-----"])


DRAWS: dict[str, Callable[[random.Random], str]] = {
    "password": _password,
    "word": lambda chance: chance.choice(["hunter", "letmein", "swordfish", "opensesame", "geheim"]),
    "hex32": lambda chance: _draw(chance, _HEX, 32),
    "hex40": lambda chance: _draw(chance, _HEX, 40),
    "hex64": lambda chance: _draw(chance, _HEX, 64),
    "token": lambda chance: _draw(chance, _LETTERS + _DIGITS, chance.randint(16, 44)),
    "url_token": lambda chance: _draw(chance, _URL.replace("-", ""), chance.randint(20, 48)),
    "base64": lambda chance: _draw(chance, _BASE64, 40),
    "openai": lambda chance: "sk-" + chance.choice(["", "proj-", "ant-api03-"]) + _draw(chance, _LETTERS + _DIGITS, 48),
    "dashscope": lambda chance: "sk-" + _draw(chance, _HEX, 32),
    "github": lambda chance: "ghp_" + _draw(chance, _LETTERS + _DIGITS, 36),
    "github_fine": lambda chance: "github_pat_" + _draw(chance, _LETTERS + _DIGITS, 82),
    "gitlab": lambda chance: "glpat-" + _draw(chance, _URL.replace("-", ""), 20),
    "aws_id": lambda chance: "AKIA" + _draw(chance, string.ascii_uppercase + "234567", 16),
    "aws_key": lambda chance: _draw(chance, _BASE64, 40),
    "google": lambda chance: "AIza" + _draw(chance, _URL.replace("-", ""), 35),
    "slack": lambda chance: f"xoxb-{_draw(chance, _DIGITS, 12)}-{_draw(chance, _LETTERS + _DIGITS, 40)}",
    "stripe": lambda chance: "sk_" + "live_" + _draw(chance, _LETTERS + _DIGITS, 24),
    "npm": lambda chance: "npm_" + _draw(chance, _LETTERS + _DIGITS, 36),
    "hugging": lambda chance: "hf_" + _draw(chance, _LETTERS, 34),
    "pypi": lambda chance: "pypi-AgEIcHlwaS5vcmc" + _draw(chance, _URL.replace("-", ""), 80),
    "sendgrid": lambda chance: f"SG.{_draw(chance, _URL, 22)}.{_draw(chance, _URL.replace('-', ''), 43)}",
    "telegram": lambda chance: _draw(chance, "123456789", 10) + ":AA" + _draw(chance, _URL.replace("-", ""), 33),
    "aliyun": lambda chance: "LTAI5t" + _draw(chance, _LETTERS + _DIGITS, 18),
    "tencent": lambda chance: "AKID" + _draw(chance, _LETTERS + _DIGITS, 32),
    "docker": lambda chance: "dckr_pat_" + _draw(chance, _LETTERS + _DIGITS, 27),
    "vault": lambda chance: "hvs." + _draw(chance, _LETTERS + _DIGITS, 90),
    "jwt": _jwt,
    "pem": _pem,
    "uuid": lambda chance: "-".join(_draw(chance, _HEX, count) for count in (8, 4, 4, 4, 12)),
    "email": lambda chance: (
        chance.choice(["zhang.wei", "anna", "j.smith+ops", "li_na", "bob99"])
        + "@"
        + chance.choice(["corp.com", "mail.example.org", "qq.com", "firma.de", "dept.gov.cn"])
    ),
    "chinese_mobile": lambda chance: (
        chance.choice(["138", "139", "150", "186", "177", "199"]) + _draw(chance, _DIGITS, 7) + chance.choice("13579")
    ),
    "mobile_grouped": lambda chance: f"138 {_draw(chance, _DIGITS, 4)} {_draw(chance, _DIGITS, 3)}7",
    "plus_mobile": lambda chance: f"+86 139{_draw(chance, _DIGITS, 8)}",
    "german_phone": lambda chance: f"+49 30 {chance.randint(20_000_000, 69_999_999)}",
    "american_phone": lambda chance: f"(415) 5{chance.randint(56, 99)}-{chance.randint(2000, 9999)}",
    "landline": lambda chance: f"010-{chance.choice('68')}{_draw(chance, _DIGITS, 7)}",
    "resident_id": _resident_id,
    "card": lambda chance: _luhn("4" + _draw(chance, _DIGITS, 14)),
    "card_grouped": lambda chance: _in_fours(_luhn("52" + _draw(chance, _DIGITS, 13))),
    "unionpay": lambda chance: _luhn("6222" + _draw(chance, _DIGITS, 14)),
    "iban": _iban,
    "passport": lambda chance: chance.choice("EGP") + _draw(chance, _DIGITS, 8),
    "version": lambda chance: f"v{chance.randint(0, 9)}.{chance.randint(0, 40)}.{chance.randint(0, 99)}",
    "ip": lambda chance: ".".join(str(chance.randint(1, 254)) for _ in range(4)),
    "port": lambda chance: str(chance.randint(1024, 65535)),
    "run": lambda chance: f"run_{_draw(chance, _HEX, 32)}",
    "epoch": lambda chance: str(chance.randint(1_700_000_000, 1_799_999_999)),
    "epoch_ms": lambda chance: str(chance.randint(1_700_000_000_000, 1_799_999_999_999)),
    "bytes": lambda chance: str(chance.randint(1, 900) * 1_048_576 * 16),
    "number": lambda chance: str(chance.randint(1, 10**9)),
}  # fmt: skip

SECRETS = """
password={{password}}
PASSWORD={{word}}
DB_PASSWORD="{{password}}"
export POSTGRES_PASSWORD={{password}}
spring.datasource.password={{password}}
password: "{{word}}"
  password: {{password}}
"password": "{{password}}"
{"user": "app", "password": "{{word}}", "port": 5432}
{\\"password\\": \\"{{password}}\\"}
'passwd': '{{password}}'
pwd={{password}};Database=orders
Server=db01;User Id=sa;Password={{password}};Encrypt=true
jdbc:mysql://db01:3306/orders?user=app&password={{password}}
the password is {{password}}
The root password for db01 is {{password}}.
we changed the password to {{password}} yesterday
my password was {{password}}, please reset it
please use password `{{password}}` for the staging database
password = '{{word}}'
PGPASSWORD={{password}} psql -h db01
数据库密码是{{password}}
密码：{{password}}
密码: {{password}}，用户名 root
root 的密码改成了 {{password}}
生产库的口令为“{{password}}”
请用密码 {{password}} 登录
API密钥：{{token}}
令牌是 {{url_token}}
token 是 {{url_token}}，不要外传
mysql -u root -p{{password}} orders
mysqldump --password={{password}} orders
sshpass -p {{password}} ssh deploy@web1
redis-cli -h cache -a {{password}} ping
curl -u admin:{{password}} http://localhost:8080/health
curl --user admin:{{password}} http://localhost:8080/health
sanca-tool --password {{password}} --port 8080
deploy --token {{url_token}} --dry-run
helm registry login -u bot -p {{password}} registry.local
postgres://app:{{password}}@db01:5432/orders
redis://:{{password}}@cache:6379/0
amqp://guest:{{password}}@mq:5672/
mongodb+srv://admin:{{password}}@cluster0.example.net/test
https://bot:{{github}}@github.com/acme/orders.git
api_key={{token}}
API_KEY: {{hex32}}
"apiKey": "{{url_token}}"
X-Api-Key: {{token}}
x-api-key: {{uuid}}
api key {{openai}}
OPENAI_API_KEY={{openai}}
export DASHSCOPE_API_KEY={{dashscope}}
my key is {{dashscope}}
the api key is {{token}}
access_token={{url_token}}
"access_token":"{{jwt}}"
refresh_token: {{url_token}}
client_secret={{token}}
"clientSecret": "{{url_token}}"
secret: {{base64}}
SECRET_KEY = "{{base64}}"
app.jwt.secret={{hex64}}
signing_key: {{hex64}}
encryption-key={{hex64}}
auth_token = "{{hex40}}"
GITHUB_TOKEN={{github}}
remote: {{github}}
{{github_fine}}
use {{gitlab}} to push
slack bot {{slack}} was revoked
https://hooks.slack.com/services/T0{{slackish}}
stripe {{stripe}}
//packages.example.org/:_authToken={{npm}}
HF_TOKEN={{hugging}}
login with {{hugging}}
twine upload -p {{pypi}}
{{sendgrid}}
bot {{telegram}} answers
AWS_ACCESS_KEY_ID={{aws_id}}
aws_secret_access_key = {{aws_key}}
key {{aws_id}} leaked in the log
{"AccessKeyId": "{{aws_id}}", "SecretAccessKey": "{{aws_key}}"}
maps key {{google}}
AccessKeyId: {{aliyun}}
{{tencent}} 是腾讯云的
docker login -u bot -p {{docker}}
{{docker}}
VAULT_TOKEN={{vault}}
vault {{vault}}
DefaultEndpointsProtocol=https;AccountName=x;AccountKey={{azure}};EndpointSuffix=core.windows.net
Authorization: Bearer {{jwt}}
authorization: Bearer {{url_token}}
Authorization: Basic {{basic}}
"Authorization": "token {{hex40}}"
-H 'Authorization: Bearer {{url_token}}'
curl -H "X-Auth-Token: {{hex32}}" http://api
Bearer {{jwt}}
{{jwt}}
Cookie: JSESSIONID={{hex32}}; theme=dark
Set-Cookie: session={{url_token}}; Path=/; HttpOnly
https://store.blob.core.windows.net/a/b?sv=2022-11-02&sig={{sas}}
https://bucket.s3.amazonaws.com/x?X-Amz-Expires=60&X-Amz-Signature={{hex64}}
https://oapi.dingtalk.com/robot/send?access_token={{hex64}}
https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={{uuid}}
https://open.feishu.cn/open-apis/bot/v2/hook/{{uuid}}
{{pem}}
key: |\n{{pem}}\nnext: 1
ssl_password_file: /run/x ssl_password={{password}}
credentials={{token}}
webhook token: {{url_token}}
user=admin pass={{password}}
username: admin password: {{word}}
env: {name: DB_PASSWORD, value: "{{password}}"}
- name: API_TOKEN\n  value: {{hex32}}
<password>{{password}}</password>
<property name="password" value="{{password}}"/>
password {{password}} works
登录密码{{password}}
用户名admin，密码{{password}}
ftp://u:{{password}}@ftp.example.com/x
密码就是{{password}}
set auth.password={{password}} please
2026-11-22 01:09:38 ERROR auth failed for user=app password={{password}} from 10.0.0.5
connection string "Host=db;Username=app;Password={{password}}"
""".strip().splitlines()

PERSONAL = """
mail {{email}} about the outage
From: Zhang Wei <{{email}}>
{"email": "{{email}}"}
联系邮箱{{email}}，谢谢
owner={{email}}
call me at {{chinese_mobile}}
手机号{{chinese_mobile}}
值班电话：{{chinese_mobile}}
我的手机 {{mobile_grouped}}
{"phone": "{{chinese_mobile}}"}
on call: {{plus_mobile}}
phone {{german_phone}}
ring {{american_phone}} after six
座机 {{landline}}
身份证 {{resident_id}}
身份证号码：{{resident_id}}
id card {{resident_id}} was uploaded
card {{card}} was declined
pay with {{card_grouped}}
银行卡号 {{unionpay}}
IBAN {{iban}}
转到账户 {{iban}}
passport no {{passport}}
护照号码：{{passport}}
SSN 536-90-4399
""".strip().splitlines()

HARMLESS = """
commit {{hex40}} broke the build
git show {{hex40}}
sha256:{{hex64}}
image: registry.local/payment@sha256:{{hex64}}
{{run}} ended after 12.5 s with 14 calls
session {{uuid}} was deleted
trace_id={{hex32}} span=7
payment-service {{version}} is running on port {{port}}
{{ip}}:{{port}} refused the connection
connect to {{ip}}/24 via {{ip}}
2026-11-22T01:09:38.123+08:00 INFO started in {{number}} ms
at {{epoch}} the pool was full
timestamp={{epoch_ms}}
allocated {{bytes}} bytes of heap
size_bytes: {{bytes}}
limit 17179869184
order {{number}} was shipped
token_count={{number}}
max_tokens: 4096
tokens used: {{number}}
input_tokens=1200 output_tokens=300
password must have at least 12 characters
pass: 13 tests
signIn(username: string, password: string): Promise<void>
user: bob, password: none
密码错误3次
{"name": "token", "value": null}
the password was changed yesterday
The token is expired.
a secret is never logged
token: str
password: SecretStr
api_key: str | None = None
def login(user: str, password: str) -> Token:
password = os.environ["DB_PASSWORD"]
token = settings.token
return make_token(password=password, token=token)
password: ${DB_PASSWORD}
password: {{ vault.db }}
DB_PASSWORD=$DB_PASSWORD
api_key: <your key>
api-key: YOUR_API_KEY
password=********
password: (hidden)
secretName: payment-tls
secret_file=/run/secrets/db
token_file: /var/run/secrets/token
password_policy: strict
token_type: bearer
"token": null
"secret": true
tokens are rotated every 12 hours
the api key of the staging cluster is missing
git clone git@github.com:acme/orders.git
ssh deploy@web1.prod.example.com uptime
scp out.log ops@10.0.0.5:/tmp/
npm install react@18.2.0
pip install anyio==4.16.0
logo@2x.png
systemctl status sanca@main.service
http://localhost:8080/actuator/health
https://repo.local/a/b/c-{{version}}.jar
jdbc:postgresql://db01:5432/orders
key: value
primary key (tenant, user, run_id)
public key infrastructure
-----BEGIN CERTIFICATE-----
ssh-rsa AAAAB3NzaC1yc2E public
the key is in the vault
keys = sorted(found)
for key in keys: print(key)
authorization is checked by the host
Authorization: see docs/guides/security.md
bearer authentication
cookie: yes
The session cookie (HttpOnly, SameSite=Lax) and CSRF header
密码错误，请重试
密码不能为空
密码长度至少 12 位
令牌已过期
请修改密码
端口 {{port}} 被占用
版本 {{version}} 回滚到 {{version}}
提交 {{hex40}} 之后变慢
工单 {{number}} 已关闭
phone support is closed
passport to success
version 1.2.3.4 build 20261122
2026-11-22 13:45:12.345678
error code 0x80070005 at 0x7fff5fbff8c0
pid 12345 uid 1000 gid 1000
docker run -u 1000:1000 -p 8080:80 nginx
mysql -h db01 -P 3306 -u app orders
mysql -p orders
curl -s -o out.json http://localhost:8080
ls -p /tmp
uid=1000(app) gid=1000(app)
p99 latency 250 ms, 1,234,567 rows, 99.95 %
retry after 1790000000000000 ns
snowflake 1790000000000000123
ISBN 978-3-16-148410-0
Mon Nov 22 01:09:38 UTC 2026
ETag: "{{hex32}}"
integrity sha512-{{azure}}
x == y and a.b.c[0]
spring.application.name=payment
SANCA_MEMORY_DATABASE_NAME=memory.db
server.port={{port}}
java.lang.NullPointerException at com.acme.Order.find(Order.java:42)
""".strip().splitlines()

DRAWS |= {
    "slackish": lambda chance: (
        f"{_draw(chance, string.ascii_uppercase + _DIGITS, 8)}/B0{_draw(chance, string.ascii_uppercase + _DIGITS, 8)}/"
        + _draw(chance, _LETTERS + _DIGITS, 24)
    ),
    "azure": lambda chance: _draw(chance, _BASE64, 86) + "==",
    "basic": lambda chance: base64.b64encode(f"admin:{_password(chance)}".encode()).decode(),
    "sas": lambda chance: _draw(chance, _LETTERS + _DIGITS, 40) + "%3D",
}
_PLACE = re.compile(r"\{\{(\w+)\}\}")


def drawn(template: str, chance: random.Random) -> tuple[str, list[str]]:
    """Return the text with what was drawn for its places, and what was drawn."""
    values: list[str] = []

    def draw(place: re.Match[str]) -> str:
        values.append(DRAWS[place.group(1)](chance))
        return values[-1]

    return _PLACE.sub(draw, template.replace("\\n", "\n")), values
