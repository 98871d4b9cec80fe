/** The library for making certificates and requests. Loaded when first used, because it costs memory that an agent at rest should not have. */
import 'reflect-metadata';

export { Name, Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension, X509Certificate } from '@peculiar/x509';
