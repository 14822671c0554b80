/** What to do where Kafka does not let a client in: the words of KafkaJS and OpenSSL, and what they mean. */

interface Access {
  readonly ssl?: unknown
  readonly sasl?: unknown
}

const ADVICE: readonly (readonly [words: RegExp, advice: string | ((access: Access) => string)])[] =
  [
    [
      /certificate (has expired|is not yet valid)/,
      "renew the broker's certificate, or set this machine's clock right",
    ],
    [
      /does not match certificate's altnames/,
      'name the broker as its certificate does, in KAFKA_BROKERS and in its advertised.listeners',
    ],
    [
      /unable to (verify|get)|self[- ]signed certificate/,
      "give the certificate of the authority that signed the broker's in KAFKA_SSL_CA",
    ],
    [
      /before secure TLS connection|wrong version number/,
      "this port does not speak TLS: use the broker's TLS port, or unset KAFKA_SSL and KAFKA_SSL_CA",
    ],
    [
      /alert .*certificate/i,
      'the broker wants a certificate of the client, and there is no way to give one',
    ],
    [
      /mechanism is not supported|does not support the requested SASL mechanism/,
      'set KAFKA_SASL_MECHANISM to one that this port takes',
    ],
    [
      /current SASL state/,
      "this port takes no login: use the broker's SASL port, or unset KAFKA_SASL_MECHANISM and KAFKA_SASL_USERNAME",
    ],
    [
      /authentication failed|invalid credentials/i,
      'check KAFKA_SASL_USERNAME, and KAFKA_SASL_PASSWORD or the file that KAFKA_SASL_PASSWORD_FILE names',
    ],
    [/closed connection|connection closed/i, ({ ssl, sasl }) => mayWant({ ssl, sasl })],
  ]

/**
 * @param reason why no connection came about
 * @param access how it was tried
 * @returns what to do; undefined where the reason says it itself
 */
export function connectionAdvice(reason: string, access: Access): string | undefined {
  const [, advice] = ADVICE.find(([words]) => words.test(reason)) ?? []
  return typeof advice === 'function' ? advice(access) : advice
}

/** A broker that is spoken to in the wrong way hangs up without a word. */
function mayWant({ ssl, sasl }: Access): string {
  const tls = 'TLS (KAFKA_SSL=true, and KAFKA_SSL_CA for an authority of your own)'
  const login = 'a login (KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD)'
  const wanted = [...(ssl ? [] : [tls]), ...(sasl ? [] : [login])]
  return `this port may want ${wanted.length === 0 ? 'other credentials' : wanted.join(' or ')}`
}
