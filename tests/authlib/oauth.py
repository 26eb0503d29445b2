# SPDX-License-Identifier: LGPL-2.1-or-later
"""The OAuth of the Authlib server: the library's grants and endpoints over one memory.

What decides is the library. The methods here are those it asks its users to write: they look up
and keep.
"""

import secrets
import time

from authlib.jose import JsonWebKey
from authlib.oauth2.rfc6749 import AuthorizationServer, ResourceProtector, grants
from authlib.oauth2.rfc6750 import BearerTokenGenerator, BearerTokenValidator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oauth2.rfc8628 import DeviceAuthorizationEndpoint, DeviceCodeGrant
from authlib.oidc.core import OpenIDCode, UserInfo

from memory import GRANT_TYPES, Code, Device, Token

METHODS = ["client_secret_basic", "client_secret_post", "none"]


def new_token(kind):
    """Its mark lets the tests find it where it must not be."""
    return f"authlib_{kind}_{secrets.token_urlsafe(32)}"


class CodeGrant(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def generate_authorization_code(self):
        return new_token("code")

    def save_authorization_code(self, code, request):
        self.server.memory.codes[code] = Code(code, request)

    def query_authorization_code(self, code, client):
        found = self.server.memory.codes.get(code)
        return found if found is not None and found.client_id == client.client_id else None

    def delete_authorization_code(self, authorization_code):
        del self.server.memory.codes[authorization_code.code]

    def authenticate_user(self, authorization_code):
        return authorization_code.user


class RefreshGrant(grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    @property
    def INCLUDE_NEW_REFRESH_TOKEN(self):  # pylint: disable=invalid-name
        return self.server.memory.rotation

    def authenticate_refresh_token(self, refresh_token):
        memory = self.server.memory
        token = memory.find(refresh_token, ("refresh_token",))
        if token is not None and token.refresh_revoked:
            memory.count("reuse")
            memory.revoke_family(token.family)
            return None
        return token

    def authenticate_user(self, credential):
        return credential.user

    def revoke_old_credential(self, credential):
        credential.refresh_revoked = self.server.memory.rotation


class DeviceGrant(DeviceCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def query_device_credential(self, device_code):
        return self.server.memory.devices.get(device_code)

    def query_user_grant(self, user_code):
        return self.server.memory.find_device(user_code).decision

    def should_slow_down(self, credential):
        before, credential.polled_at = credential.polled_at, time.monotonic()
        return credential.polled_at - before < 0.8 * DeviceEndpoint.INTERVAL


class Challenge(CodeChallenge):
    DEFAULT_CODE_CHALLENGE_METHOD = "S256"
    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]


class OpenId(OpenIDCode):
    def __init__(self, server):
        super().__init__()
        self.server = server

    def exists_nonce(self, nonce, request):
        return False

    def get_jwt_config(self, grant):
        return {"key": self.server.key, "alg": "ES256", "iss": self.server.issuer, "exp": 3600}

    def generate_user_info(self, user, scope):
        return UserInfo(sub=user)


class Revocation(RevocationEndpoint):
    CLIENT_AUTH_METHODS = METHODS

    def query_token(self, token_string, token_type_hint):
        return self.server.memory.find(token_string)

    def revoke_token(self, token, request):
        token.access_revoked = True
        token.refresh_revoked = True


class DeviceEndpoint(DeviceAuthorizationEndpoint):
    CLIENT_AUTH_METHODS = METHODS
    INTERVAL = 1

    def generate_device_code(self):
        return new_token("device")

    def get_verification_uri(self):
        return f"{self.server.base}/device"

    def save_device_credential(self, client_id, scope, data):
        self.server.memory.devices[data["device_code"]] = Device(
            client_id=client_id, scope=scope, expires_at=time.time() + data["expires_in"], **data)


class Validator(BearerTokenValidator):
    def __init__(self, memory):
        super().__init__()
        self.memory = memory

    def authenticate_token(self, token_string):
        return self.memory.find(token_string, ("access_token",))


class Server(AuthorizationServer):
    def __init__(self, memory, base, path):
        super().__init__()
        self.memory = memory
        self.base = base
        self.issuer = base + path
        self.key = JsonWebKey.generate_key("EC", "P-256", is_private=True)
        self.register_token_generator("default", BearerTokenGenerator(
            lambda **_: new_token("access"), lambda **_: new_token("refresh"),
            lambda *_: self.memory.lifetime))
        self.register_grant(CodeGrant, [Challenge(required=True), OpenId(self)])
        self.register_grant(RefreshGrant)
        self.register_grant(DeviceGrant)
        self.register_endpoint(Revocation)
        self.register_endpoint(DeviceEndpoint)
        self.protector = ResourceProtector()
        self.protector.register_token_validator(Validator(memory))

    def query_client(self, client_id):
        return self.memory.clients.get(client_id)

    def save_token(self, token, request):
        # Only a refresh has a token for its credential.
        old = request.credential if isinstance(request.credential, Token) else None
        self.memory.tokens.append(Token(token, request.client.client_id, request.user,
                                        old.family if old else object()))

    def send_signal(self, name, *args, **kwargs):
        pass

    def create_oauth2_request(self, request):
        return request

    def handle_response(self, status, body, headers):
        return status, body, headers

    def metadata(self):
        """What RFC 8414 has the server tell, checked by the library."""
        metadata = AuthorizationServerMetadata({
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.base}/oauth/authorize",
            "token_endpoint": f"{self.base}/oauth/token",
            "revocation_endpoint": f"{self.base}/oauth/revoke",
            "device_authorization_endpoint": f"{self.base}/oauth/device",
            "jwks_uri": f"{self.base}/jwks",
            "response_types_supported": ["code"],
            "grant_types_supported": list(GRANT_TYPES),
            "token_endpoint_auth_methods_supported": METHODS,
            "code_challenge_methods_supported": ["S256"],
        })
        metadata.validate()
        return metadata
