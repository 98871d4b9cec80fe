/** keepalived with one virtual address and haproxy with all masters behind it, as kubeasz 1.10 lays them out on the group `lb`. */
import { API_PORT, type HostPlan, VIP, VIP_PORT, withRole } from '../hosts.ts';
import { ROUTER_ID } from './layout.ts';

export interface Balancer {
  readonly role: 'master' | 'backup';
  readonly priority: number;
}

/** The deploy host is the backup, as in kubeasz's own example. */
export const balancerOf = ({ roles }: HostPlan): Balancer =>
  roles.includes('deploy') ? { role: 'backup', priority: 110 } : { role: 'master', priority: 120 };

/** When haproxy is gone the priority falls below the other one's. */
export function keepalivedConf(host: HostPlan): string {
  const { role, priority } = balancerOf(host);
  return `global_defs {
    router_id lb-${role}
    script_user root
    enable_script_security
}

vrrp_script check-haproxy {
    script "/usr/bin/killall -0 haproxy"
    interval 2
    weight -30
}

vrrp_instance VI-kube-master {
    state ${role.toUpperCase()}
    priority ${priority}
    dont_track_primary
    interface eth0
    virtual_router_id ${ROUTER_ID}
    advert_int 1
    track_script {
        check-haproxy
    }
    virtual_ipaddress {
        ${VIP}
    }
}
`;
}

export function haproxyCfg(): string {
  const servers = withRole('kube-master').map(
    ({ address }, index) => `        server s${index + 1} ${address}:${API_PORT} check inter 2000 fall 2 rise 2 weight 1`,
  );
  return `global
        log /dev/log    local0
        log /dev/log    local1 notice
        chroot /var/lib/haproxy
        stats socket /run/haproxy/admin.sock mode 660 level admin
        stats timeout 30s
        user haproxy
        group haproxy
        daemon

defaults
        log     global
        timeout connect 5000
        timeout client  10m
        timeout server  10m

listen kube-master
        bind *:${VIP_PORT}
        mode tcp
        option tcplog
        balance roundrobin
${servers.join('\n')}
`;
}
