"""A Kafka that lets nobody in without a password (SCRAM) or a certificate (mTLS), and nobody do what no ACL allows."""

import datetime
import ipaddress
from pathlib import Path

from confluent_kafka import KafkaError
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType
from confluent_kafka.admin._scram import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.permissions import Acl
from deploy.embedded.kafka import Kafka
from deploy.embedded.ports import LOOPBACK, free_port

_RESOURCES = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactional-id": ResourceType.TRANSACTIONAL_ID,
}
_OPERATIONS = {
    "Read": AclOperation.READ,
    "Write": AclOperation.WRITE,
    "Create": AclOperation.CREATE,
    "Delete": AclOperation.DELETE,
    "Describe": AclOperation.DESCRIBE,
    "DescribeConfigs": AclOperation.DESCRIBE_CONFIGS,
}


class Authority:
    """Signs certificates; the files lie in `folder`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        self._certificate = self._signed(self._name, self._key, is_authority=True)
        self.path = folder / "ca.pem"
        self.path.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str) -> tuple[Path, Path]:
        """(certificate, key) for a common name; valid for this loopback address."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate, private = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        pem = self._signed(subject, key, is_authority=False).public_bytes(serialization.Encoding.PEM)
        certificate.write_bytes(pem)
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return certificate, private

    def _signed(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, is_authority: bool) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        names = [x509.DNSName("localhost")]
        address = x509.IPAddress(ipaddress.ip_address(LOOPBACK))
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([address, *names]), critical=False)
            .sign(self._key, hashes.SHA256())
        )


class SecuredKafka(Kafka):
    """`bootstrap` is for the test itself, who may do everything; connectors use the other two."""

    def __init__(self, data: Path, authority: Authority) -> None:
        super().__init__(data)
        self._authority = authority
        self._ports = free_port(), free_port()
        certificate, key = authority.issue("broker")
        self._identity = data.with_name("broker-identity.pem")
        self._identity.write_bytes(key.read_bytes() + certificate.read_bytes())

    @property
    def for_passwords(self) -> str:
        """Bootstrap servers of the listener SASL_SSL."""
        return f"{LOOPBACK}:{self._ports[0]}"

    @property
    def for_certificates(self) -> str:
        """Bootstrap servers of the listener SSL, which wants a certificate of its clients."""
        return f"{LOOPBACK}:{self._ports[1]}"

    def admin(self) -> AdminClient:
        """Who may do everything."""
        return AdminClient({"bootstrap.servers": self.bootstrap})

    def add_user(self, name: str, password: str) -> None:
        """Somebody who comes with a password."""
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        admin = self.admin()  # its answers end with it
        asked = admin.alter_user_scram_credentials([UserScramCredentialUpsertion(name, info, password.encode())])
        for future in asked.values():
            future.result(10)

    def allow(self, principal: str, acls: list[Acl]) -> None:
        """What `lienthong permissions` prints, for one principal."""
        bindings = [
            AclBinding(
                _RESOURCES[acl.resource],
                acl.name,
                ResourcePatternType.PREFIXED if acl.prefixed else ResourcePatternType.LITERAL,
                principal,
                "*",
                _OPERATIONS[operation],
                AclPermissionType.ALLOW,
            )
            for acl in acls
            for operation in acl.operations
        ]
        admin = self.admin()
        for future in admin.create_acls(bindings).values():
            future.result(10)

    def _write_settings(self, *, logs: Path) -> Path:
        path = super()._write_settings(logs=logs)
        known = dict(line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines())
        path.write_text("".join(f"{n}={v}\n" for n, v in (known | self._security(known)).items()), encoding="utf-8")
        return path

    def _security(self, known: dict[str, str]) -> dict[str, str]:
        added = f"PASSWORD://{self.for_passwords},CERTIFICATE://{self.for_certificates}"
        return {
            "listeners": f"{known['listeners']},{added}",
            "advertised.listeners": f"{known['advertised.listeners']},{added}",
            "listener.security.protocol.map": (
                f"{known['listener.security.protocol.map']},PASSWORD:SASL_SSL,CERTIFICATE:SSL"
            ),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.password.scram-sha-512.sasl.jaas.config": (
                "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            ),
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self._identity),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self._authority.path),
            "listener.name.certificate.ssl.client.auth": "required",
            "ssl.principal.mapping.rules": "RULE:^CN=(.*?)$/$1/",
        }


#: What a broker answers to those who may not.
FORBIDDEN = frozenset({KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED})
